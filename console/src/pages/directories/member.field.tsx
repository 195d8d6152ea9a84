import type { ReactNode } from 'react';
import { TextField } from '../../components/field';
import type { Directory } from '../../data/directories';
import type { DirectoryDraft } from './directory-draft';

export interface DirectorySectionProps {
  /** Null for a new one. */
  readonly saved: Directory | null;
  readonly draft: DirectoryDraft;
  readonly errorOf: (field: string) => string | null;
  readonly warningOf: (field: string) => ReactNode;
  /** @param path of the member, such as `['attributes', 'username']` */
  readonly set: (path: readonly string[], value: unknown) => void;
}

/** What an empty field sends: nothing, `null`, or an empty text, which the server refuses. */
type Empty = 'missing' | 'null' | 'refused';

const EMPTY_VALUES = { missing: undefined, null: null, refused: '' } as const;

interface MemberFieldProps extends DirectorySectionProps {
  readonly field: string;
  readonly label: string;
  readonly hint?: ReactNode;
  readonly value: string | null | undefined;
  readonly empty?: Empty;
  readonly placeholder?: string | undefined;
}

/** A member of one line. */
export function MemberField(props: MemberFieldProps): ReactNode {
  const { field, label, hint, value, empty = 'refused', placeholder, errorOf, warningOf, set } = props;
  return (
    <TextField
      label={label}
      hint={hint}
      placeholder={placeholder}
      value={value ?? ''}
      error={errorOf(field)}
      warning={warningOf(field)}
      autoComplete="off"
      spellCheck={false}
      onChange={(text) => set(field.split('.'), text === '' ? EMPTY_VALUES[empty] : text)}
    />
  );
}

/** As long as the preset is not saved, it fills in what is left empty. */
export function isFromPreset({ saved, draft }: Pick<DirectorySectionProps, 'saved' | 'draft'>): boolean {
  return saved === null || draft.preset !== saved.preset;
}

/** Stands in such a field. */
export const BY_PRESET = 'From the kind of directory';
