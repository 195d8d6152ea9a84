import type { ReactNode } from 'react';
import type { Schema } from '../api/client';
import { SelectField, TextField } from './field';
import { LOCAL_TIME } from './time';
import { VALIDITY_TITLES, type ChosenEnd } from './validity';

interface EndFieldProps {
  readonly value: ChosenEnd;
  readonly onChange: (value: ChosenEnd) => void;
  /** What the policy leaves to choose from. */
  readonly validities: Schema<'TokenCreation'>['validities'];
  /** Offers to leave the end as it is, in these words. */
  readonly unchanged?: string;
  readonly error?: string | null;
}

/** Until when a token is valid: a choice that the policy leaves, or a date of one's own. */
export function EndField({ value, onChange, validities, unchanged, error }: EndFieldProps): ReactNode {
  const isDate = value.choice === 'date';
  return (
    <>
      <SelectField<ChosenEnd['choice']>
        label="Valid for"
        hint="After that, the token is refused. Choose no longer than you need it."
        value={value.choice}
        error={isDate ? null : (error ?? null)}
        options={[
          ...(unchanged === undefined ? [] : [{ value: 'unchanged' as const, label: unchanged }]),
          ...validities.map((validity) => ({ value: validity, label: VALIDITY_TITLES[validity] })),
          { value: 'date', label: 'Until a date of my own' },
        ]}
        onChange={(choice) => onChange({ ...value, choice })}
      />
      {isDate ? (
        <TextField
          label="Valid until"
          type="datetime-local"
          hint={LOCAL_TIME}
          value={value.date}
          error={error ?? null}
          onChange={(date) => onChange({ ...value, date })}
        />
      ) : null}
    </>
  );
}
