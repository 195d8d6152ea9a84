/** The largest number of an integer column. */
const MAX_INTEGER = 2 ** 31 - 1;

/** The latest instant of a JavaScript date, in milliseconds since the epoch; the earliest is its negative. */
const MAX_INSTANT_MS = 8.64e15;

/** Another version may have written something that is not a text. */
export function boundedText(text: string | null | undefined, length: number): string | null {
  if (text === null || text === undefined) return null;
  return text.length > length ? text.slice(0, length) : text;
}

/** Well-formed and cut: MariaDB refuses half of a surrogate pair, and SQLite ends a text at a NUL. */
export function storableText(text: string | null | undefined, length: number): string | null {
  const wellFormed = boundedText(text, length)?.toWellFormed() ?? null;
  return wellFormed?.includes('\0') === true ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}

/** Rounded and cut to the column: a clock change during a request gives huge durations. */
export function storableInteger(value: number | null | undefined): number | null {
  if (typeof value !== 'number' || Number.isNaN(value)) return null;
  return Math.max(-MAX_INTEGER, Math.min(MAX_INTEGER, Math.round(value)));
}

/** Cut to the range of a date. */
export function storableInstant(atMs: number): number {
  return Math.max(-MAX_INSTANT_MS, Math.min(MAX_INSTANT_MS, Math.trunc(atMs)));
}

/** Without halves of surrogate pairs, also in names: MariaDB refuses JSON with one. */
export function storableDetail<Detail extends object>(detail: Detail | null | undefined): Detail | null {
  if (detail === null || detail === undefined) return null;
  // JSON escapes only halves.
  return JSON.stringify(detail).includes('\\ud') ? (withoutHalves(detail) as Detail) : detail;
}

function withoutHalves(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(withoutHalves);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.toWellFormed(), withoutHalves(member)]),
  );
}
