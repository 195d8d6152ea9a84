import { DAY_MS, dayOf } from '@scopegate/audit';
import type { DayRange } from './usage-count.repository.js';

export interface TimeRange {
  readonly fromMs: number;
  /** Included. */
  readonly toMs: number;
}

/**
 * Splits a range of times into whole days, in UTC, and the parts before, between and after them. A range that ends now
 * has the whole of today.
 * @param bounds times within a day that is no whole one; null: there are no whole days at all
 */
export function splitRange(
  { fromMs, toMs, nowMs }: TimeRange & { readonly nowMs: number },
  bounds: readonly number[] | null,
): { readonly days: readonly DayRange[]; readonly rest: readonly TimeRange[] } {
  const first = Math.ceil(fromMs / DAY_MS);
  const until = toMs >= nowMs ? dayOf(nowMs) + 1 : dayOf(toMs + 1);
  if (bounds === null || first >= until) return { days: [], rest: [{ fromMs, toMs }] };
  const rest: TimeRange[] = [];
  const addRest = (startMs: number, endMs: number): void => {
    if (startMs <= endMs) rest.push({ fromMs: startMs, toMs: endMs });
  };
  addRest(fromMs, first * DAY_MS - 1);
  const days: DayRange[] = [];
  let from = first;
  const cut = new Set(bounds.map(dayOf).filter((day) => day >= first && day < until));
  for (const day of [...cut].sort((one, other) => one - other)) {
    if (from < day) days.push({ from, until: day });
    addRest(day * DAY_MS, Math.min((day + 1) * DAY_MS - 1, toMs));
    from = day + 1;
  }
  if (from < until) days.push({ from, until });
  addRest(until * DAY_MS, toMs);
  return { days, rest };
}
