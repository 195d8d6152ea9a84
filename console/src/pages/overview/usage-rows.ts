import type { DaySeries } from '../../components/day-series';

/** A row of the report of use: its keys, and how many events. */
export type UsageRow = { readonly events: number } & { readonly [key: string]: string | number | null | undefined };

/** Without the calls of the management API, such as those of the console. The rows must have the key `application`. */
export function toApplications(rows: readonly UsageRow[]): readonly UsageRow[] {
  return rows.filter(({ application }) => typeof application === 'string');
}

/** One line of a chart from the rows by day. */
export function seriesOf(name: string, rows: readonly UsageRow[]): DaySeries {
  const counts = new Map<string, number>();
  for (const { day, events } of rows) {
    if (typeof day === 'string') counts.set(day, (counts.get(day) ?? 0) + events);
  }
  return { name, counts };
}

/** The largest first, added up; what has no such key is left out. */
export function largestBy(
  key: string,
  rows: readonly UsageRow[],
  limit: number,
): readonly { readonly key: string; readonly events: number }[] {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const value = row[key];
    if (typeof value === 'string' && value !== '') sums.set(value, (sums.get(value) ?? 0) + row.events);
  }
  return [...sums]
    .map(([value, events]) => ({ key: value, events }))
    .sort((left, right) => right.events - left.events)
    .slice(0, limit);
}
