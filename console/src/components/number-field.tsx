import type { ReactNode } from 'react';
import { TextField } from './field';

interface NumberFieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null;
  readonly warning?: ReactNode;
  readonly value: unknown;
  /** What is no whole number comes as it was typed: the server says what is wrong with it. */
  readonly onChange: (value: number | string) => void;
}

/** A whole number. Say the unit in the label. */
export function NumberField({ value, onChange, ...rest }: NumberFieldProps): ReactNode {
  return (
    <TextField
      {...rest}
      inputMode="numeric"
      autoComplete="off"
      value={typeof value === 'number' || typeof value === 'string' ? String(value) : ''}
      onChange={(text) => onChange(/^\d{1,15}$/.test(text) ? Number(text) : text)}
    />
  );
}
