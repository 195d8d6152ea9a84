import type { Directory, NewDirectory, TriedDirectory } from '../../data/directories';
import type { Patch } from '../../documents/patch';

/** What the form holds: what is stored and what was typed. Members that are missing come from the preset. */
export type DirectoryDraft = NewDirectory & Partial<Pick<Directory, 'status' | 'warnings' | 'hasBindPassword'>>;

export const NEW_DIRECTORY: DirectoryDraft = {
  key: '',
  preset: 'openldap',
  url: '',
  startTls: false,
  ca: null,
  bindDn: null,
  userBase: '',
  groupBase: null,
  nestedGroups: true,
  enabled: true,
};

/** Members that a preset fills in where they are missing. */
export const FROM_PRESET = ['userFilter', 'attributes', 'groupFilter', 'groupMember'] as const;

/** As the API takes a directory that is not saved. */
export function bodyOf({
  status: _status,
  warnings: _warnings,
  hasBindPassword: _hasBindPassword,
  ...body
}: DirectoryDraft): NewDirectory {
  return body;
}

/**
 * What a test can try: what is saved, with the stored bind password, or what was typed, with the one that was typed.
 * @param saved null for a new directory
 * @param patch what is changed and not saved
 * @returns null if the bind password has to be typed again
 */
export function triedOf(saved: Directory | null, draft: DirectoryDraft, patch: Patch): TriedDirectory | null {
  if (saved !== null && Object.keys(patch).length === 0) return { kind: 'saved', key: saved.key };
  const isTyped = typeof draft.bindPassword === 'string';
  if (saved !== null && draft.bindDn !== null && !isTyped) return null;
  const { key, ...body } = bodyOf(draft);
  return { kind: 'typed', body: key === undefined || key === '' ? body : { ...body, key } };
}
