import type { ReactNode } from 'react';
import {
  pathsApiV1AuditEventsGetParametersQueryCredentialValues as credentials,
  pathsApiV1AuditEventsGetParametersQueryDoorValues as doors,
  pathsApiV1AuditEventsGetParametersQueryOutcomeValues as outcomes,
  pathsApiV1AuditEventsGetParametersQueryTypeValues as types,
} from '../../api/schema';
import { Button } from '../../components/button';
import { choices } from '../../components/choices';
import { SelectField, TextField } from '../../components/field';
import { TimeRangePicker } from '../../components/time-range';
import { useDraft } from '../../components/draft';
import { readAuditFilter, type AuditFilter, type AuditFilterName } from '../../data/audit-filter';
import { trimmed } from '../../data/trimmed';
import styles from './audit.module.css';

interface AuditFilterFormProps {
  readonly filter: AuditFilter;
  readonly onChange: (filter: AuditFilter) => void;
}

/** The choices act at once, the texts with Enter or the button. */
export function AuditFilterForm({ filter, onChange }: AuditFilterFormProps): ReactNode {
  const [values, setValues] = useDraft(filter.values);
  const setText = (name: AuditFilterName) => (value: string) => setValues({ ...values, [name]: value });
  const choose = (name: AuditFilterName) => (value: string) =>
    onChange({ range: filter.range, values: trimmed({ ...values, [name]: value }) });
  const clear = (): void => {
    const none = readAuditFilter(new URLSearchParams());
    setValues(none.values);
    onChange(none);
  };
  return (
    <form
      aria-label="Filter"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ range: filter.range, values: trimmed(values) });
      }}
    >
      <div className={styles.filter}>
        <TimeRangePicker range={filter.range} onChange={(range) => onChange({ range, values: trimmed(values) })} />
        <SelectField label="Outcome" value={values.outcome} options={choices(outcomes)} onChange={choose('outcome')} />
        <SelectField label="Event" value={values.type} options={choices(types)} onChange={choose('type')} />
        <SelectField
          label="Credential"
          value={values.credential}
          options={choices(credentials)}
          onChange={choose('credential')}
        />
        <SelectField label="Door" value={values.door} options={choices(doors)} onChange={choose('door')} />
        <TextField label="User" value={values.user} onChange={setText('user')} />
        <TextField label="Application" value={values.application} onChange={setText('application')} />
        <TextField label="Reason" value={values.code} onChange={setText('code')} placeholder="token_expired" />
        <TextField label="Token id" value={values.tokenId} onChange={setText('tokenId')} />
        <TextField label="Client address" value={values.clientIp} onChange={setText('clientIp')} />
        <TextField label="Description, path or user agent" value={values.q} onChange={setText('q')} />
      </div>
      <div className={styles.buttons}>
        <Button type="submit" look="primary">
          Apply
        </Button>
        <Button onClick={clear}>Clear</Button>
      </div>
    </form>
  );
}
