import type { DaySeries } from '../../components/day-series';

/** A row of the report of use: its keys, and how many events. */
export type UsageRow = { readonly events: number } & { readonly [key: string]: string | number | null | undefined };

/** One line of a chart from the rows by day. */
export function seriesOf(name: string, rows: readonly UsageRow[]): DaySeries {
  const counts = new Map<string, number>();
  for (const { day, events } of rows) {
    if (typeof day === 'string') counts.set(day, (counts.get(day) ?? 0) + events);
  }
  return { name, counts };
}

/** The largest first; what has no such key is left out. */
export function largestBy(
  key: string,
  rows: readonly UsageRow[],
  limit: number,
): readonly { readonly key: string; readonly events: number }[] {
  return rows
    .flatMap((row) => {
      const value = row[key];
      return typeof value === 'string' && value !== '' ? [{ key: value, events: row.events }] : [];
    })
    .sort((left, right) => right.events - left.events)
    .slice(0, limit);
}
