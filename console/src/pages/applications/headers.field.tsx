import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Checkbox, TextField } from '../../components/field';
import styles from './applications.module.css';
import { emptyRow, headerRows, headersOf, type HeaderRow, type Headers } from './header-rows';

interface HeadersFieldProps {
  readonly label: string;
  readonly value: Headers;
  readonly error: string | null;
  readonly onChange: (value: Headers) => void;
}

/** Names and values of headers. A secret is never shown, and kept unless another one is typed. */
export function HeadersField({ label, value, error, onChange }: HeadersFieldProps): ReactNode {
  const [own, setOwn] = useState(() => headerRows(value));
  const isOwn = JSON.stringify(headersOf(own)) === JSON.stringify(value);
  const rows = isOwn ? own : headerRows(value);
  const change = (next: readonly HeaderRow[]): void => {
    setOwn(next);
    onChange(headersOf(next));
  };
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{label}</legend>
      <p className={styles.hint}>
        A value may have {'{username}'}, {'{displayName}'}, {'{email}'}, {'{groups}'}, {'{tokenId}'} and {'{scope}'}. A
        secret is stored encrypted, and never shown.
      </p>
      {rows.map((row, index) => (
        <HeaderFields
          key={row.id}
          row={row}
          place={index + 1}
          onChange={(next) => change(rows.map((other, at) => (at === index ? next : other)))}
          onRemove={() => change(rows.filter((_row, at) => at !== index))}
        />
      ))}
      {error === null ? null : (
        <div className={styles.error} role="alert">
          {error}
        </div>
      )}
      <div>
        <Button onClick={() => setOwn([...rows, emptyRow(rows)])}>Add a header</Button>
      </div>
    </fieldset>
  );
}

interface HeaderFieldsProps {
  readonly row: HeaderRow;
  readonly place: number;
  readonly onChange: (row: HeaderRow) => void;
  readonly onRemove: () => void;
}

function HeaderFields({ row, place, onChange, onRemove }: HeaderFieldsProps): ReactNode {
  const name = row.name === '' ? `header ${place}` : row.name;
  return (
    <div className={styles.header}>
      <TextField
        label={`Name of header ${place}`}
        value={row.name}
        spellCheck={false}
        onChange={(next) => onChange({ ...row, name: next })}
      />
      <TextField
        label={`Value of ${name}`}
        value={row.value}
        type={row.isSecret ? 'password' : 'text'}
        autoComplete={row.isSecret ? 'new-password' : 'off'}
        placeholder={row.isStored ? 'Stored. Empty keeps it.' : ''}
        spellCheck={false}
        onChange={(next) => onChange({ ...row, value: next })}
      />
      <div className={styles.headerEnd}>
        <Checkbox
          label="Secret"
          isChosen={row.isSecret}
          onChange={(isSecret) => onChange({ ...row, isSecret, isStored: false })}
        />
        <Button look="quiet" onClick={onRemove} aria-label={`Remove ${name}`}>
          Remove
        </Button>
      </div>
    </div>
  );
}
