import type { ReactNode } from 'react';
import { Checkbox, SelectField, TextField } from '../../components/field';
import { ItemsField, LinesField } from '../../components/lines-field';
import { NumberField } from '../../components/number-field';
import type { SettingField } from './setting-fields';

interface SettingFieldProps {
  readonly field: SettingField;
  readonly value: unknown;
  /** All values of the section. */
  readonly section: Readonly<Record<string, unknown>>;
  readonly error: string | null;
  readonly warning: ReactNode;
  readonly onChange: (value: unknown) => void;
}

/** One setting, in the way that its kind asks for. */
export function SettingInput({ field, value, section, error, warning, onChange }: SettingFieldProps): ReactNode {
  const { label, hint } = field;
  const shared = { label, error, warning, ...(hint === undefined ? {} : { hint }) };
  switch (field.kind) {
    case 'toggle':
      return (
        <Checkbox
          {...shared}
          isChosen={value === true}
          isDisabled={field.onlyWithout !== undefined && section[field.onlyWithout] === true && value !== true}
          onChange={onChange}
        />
      );
    case 'number':
      return <NumberField {...shared} value={value} onChange={onChange} />;
    case 'lines':
      return <LinesField {...shared} value={listOf(value).map(String)} onChange={onChange} />;
    case 'numbers':
      return <ItemsField {...shared} value={listOf(value)} toLine={String} fromLine={numberOr} onChange={onChange} />;
    case 'text':
      return (
        <TextField {...shared} value={typeof value === 'string' ? value : ''} onChange={onChange} spellCheck={false} />
      );
    case 'choice':
      return <SelectField {...shared} value={String(value)} options={field.options} onChange={onChange} />;
  }
}

function listOf(value: unknown): readonly (number | string)[] {
  return Array.isArray(value) ? (value as readonly (number | string)[]) : [];
}

/** What is no number goes to the server as it was typed, which says what is wrong with it. */
function numberOr(text: string): number | string {
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}
