/** A time to look at: the last hours or days up to now, or between two instants. */
export interface TimeRange {
  /** Null for a range between two instants. */
  readonly last: LastRange | null;
  /** ISO 8601, or empty for no bound. */
  readonly from: string;
  readonly to: string;
}

const HOUR_MS = 3_600_000;

/** What "the last …" can be, with its length in milliseconds. */
export const LAST_RANGES = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
  '90d': 90 * 24 * HOUR_MS,
} as const;

export type LastRange = keyof typeof LAST_RANGES;

export const LAST_LABELS: Readonly<Record<LastRange, string>> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  '90d': 'Last 90 days',
};

function isLastRange(text: string): text is LastRange {
  return Object.hasOwn(LAST_RANGES, text);
}

/** From the address of a page; what it does not say, or says wrong, is the default. */
export function readTimeRange(params: URLSearchParams, otherwise: LastRange): TimeRange {
  const last = params.get('last') ?? '';
  const from = readInstant(params.get('from'));
  const to = readInstant(params.get('to'));
  if (from !== '' || to !== '') return { last: null, from, to };
  return { last: isLastRange(last) ? last : otherwise, from: '', to: '' };
}

/** `Date.parse` also takes incomplete texts, such as `2026-11-`. */
const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}[\d:.]*(?:Z|[+-]\d{2}:\d{2})?)?$/;

function readInstant(text: string | null): string {
  const atMs = text === null || !INSTANT.test(text) ? Number.NaN : Date.parse(text);
  return Number.isNaN(atMs) ? '' : new Date(atMs).toISOString();
}

/** Back into the address. */
export function writeTimeRange(range: TimeRange, params: URLSearchParams): void {
  for (const name of ['last', 'from', 'to']) params.delete(name);
  if (range.last !== null) params.set('last', range.last);
  if (range.from !== '') params.set('from', range.from);
  if (range.to !== '') params.set('to', range.to);
}

/** The bounds for the API; what has no bound is left out. */
export function boundsOf(
  { last, from, to }: TimeRange,
  nowMs: number,
): { readonly from?: string; readonly to?: string } {
  if (last !== null) return { from: new Date(nowMs - LAST_RANGES[last]).toISOString() };
  return { ...(from === '' ? {} : { from }), ...(to === '' ? {} : { to }) };
}

const DAY_MS = 24 * HOUR_MS;

/**
 * As `boundsOf`, but the last days begin with a whole day in UTC: of those, a report has the numbers ready, and the first
 * bar of a chart is as long as the others.
 */
export function wholeDayBoundsOf(range: TimeRange, nowMs: number): ReturnType<typeof boundsOf> {
  if (range.last === null || LAST_RANGES[range.last] <= DAY_MS) return boundsOf(range, nowMs);
  const fromMs = Math.floor((nowMs - LAST_RANGES[range.last]) / DAY_MS) * DAY_MS;
  return { from: new Date(fromMs).toISOString() };
}

/** For `<input type="datetime-local">`, in the time zone of the browser. */
export function toLocalInput(instant: string): string {
  if (instant === '') return '';
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Of `<input type="datetime-local">`; empty for an incomplete one. */
export function fromLocalInput(text: string): string {
  return readInstant(text === '' ? null : text);
}
