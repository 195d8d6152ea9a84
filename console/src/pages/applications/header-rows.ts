/** As the API has them: a template, or a secret. */
export type Headers = Readonly<Record<string, string | { readonly secret: string }>>;

export interface HeaderRow {
  /** Stays the same while the name changes. */
  readonly id: number;
  readonly name: string;
  readonly value: string;
  readonly isSecret: boolean;
  /** The server has a secret: it is kept if no other one is typed. */
  readonly isStored: boolean;
}

/** What the server shows in place of a secret, and keeps it if it comes back. */
const HIDDEN = '********';

export function headerRows(headers: Headers): readonly HeaderRow[] {
  return Object.entries(headers).map(([name, value], id) => {
    if (typeof value === 'string') return { id, name, value, isSecret: false, isStored: false };
    const isStored = value.secret === HIDDEN;
    return { id, name, value: isStored ? '' : value.secret, isSecret: true, isStored };
  });
}

/** Rows without a name count only when they have one. */
export function headersOf(rows: readonly HeaderRow[]): Headers {
  return Object.fromEntries(
    rows
      .filter(({ name }) => name.trim() !== '')
      .map(({ name, value, isSecret, isStored }) => [
        name.trim(),
        isSecret ? { secret: isStored && value === '' ? HIDDEN : value } : value,
      ]),
  );
}

/** To be filled in. */
export function emptyRow(rows: readonly HeaderRow[]): HeaderRow {
  return { id: Math.max(-1, ...rows.map(({ id }) => id)) + 1, name: '', value: '', isSecret: false, isStored: false };
}
