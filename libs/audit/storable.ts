/** What fits into a column of whole numbers. */
const MAX_INTEGER = 2 ** 31 - 1;

/** The latest instant that a date can express, in milliseconds since the epoch; the earliest is as far from it. */
const MAX_INSTANT_MS = 8.64e15;

/** As much of a text as fits. An older or newer version may have written none at all. */
export function boundedText(text: string | null | undefined, length: number): string | null {
  if (text === null || text === undefined) return null;
  return text.length > length ? text.slice(0, length) : text;
}

/**
 * As much of a text as fits, in the form in which every database gives it back: MariaDB takes no half of a surrogate
 * pair, and SQLite ends a text at a NUL.
 */
export function storableText(text: string | null | undefined, length: number): string | null {
  const wellFormed = boundedText(text, length)?.toWellFormed() ?? null;
  return wellFormed?.includes('\0') === true ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}

/** A whole number that fits: a clock that is set while a request is under way makes durations of decades. */
export function storableInteger(value: number | null | undefined): number | null {
  if (typeof value !== 'number' || Number.isNaN(value)) return null;
  return Math.max(-MAX_INTEGER, Math.min(MAX_INTEGER, Math.round(value)));
}

/** An instant that a date can express. */
export function storableInstant(atMs: number): number {
  return Math.max(-MAX_INSTANT_MS, Math.min(MAX_INSTANT_MS, Math.trunc(atMs)));
}

/** A detail without halves of surrogate pairs, in its names as well: MariaDB takes no JSON with one. */
export function storableDetail<Detail extends object>(detail: Detail | null | undefined): Detail | null {
  if (detail === null || detail === undefined) return null;
  // Only what is no part of a pair is written as an escape.
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
