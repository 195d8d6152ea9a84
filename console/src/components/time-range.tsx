import type { ReactNode } from 'react';
import { fromLocalInput, LAST_LABELS, toLocalInput, type LastRange, type TimeRange } from '../data/time-range';
import { SelectField, TextField } from './field';
import { LOCAL_TIME } from './time';

interface TimeRangePickerProps {
  readonly range: TimeRange;
  readonly onChange: (range: TimeRange) => void;
}

const BETWEEN = 'between';

/** Chooses "the last …", or two instants in the time zone of the browser. */
export function TimeRangePicker({ range, onChange }: TimeRangePickerProps): ReactNode {
  const options = [
    ...Object.entries(LAST_LABELS).map(([value, label]) => ({ value, label })),
    { value: BETWEEN, label: 'Between…' },
  ];
  const choose = (value: string): void => {
    if (value !== BETWEEN) onChange({ last: value as LastRange, from: '', to: '' });
    else onChange({ last: null, from: new Date(Date.now() - 86_400_000).toISOString(), to: '' });
  };
  return (
    <>
      <SelectField label="Time" value={range.last ?? BETWEEN} options={options} onChange={choose} />
      {range.last === null ? (
        <>
          <TextField
            label="From"
            type="datetime-local"
            hint={LOCAL_TIME}
            value={toLocalInput(range.from)}
            onChange={(text) => onChange({ ...range, from: fromLocalInput(text) })}
          />
          <TextField
            label="To"
            type="datetime-local"
            hint={LOCAL_TIME}
            value={toLocalInput(range.to)}
            onChange={(text) => onChange({ ...range, to: fromLocalInput(text) })}
          />
        </>
      ) : null}
    </>
  );
}
