/** One line of a chart over days: how many on each day. */
export interface DaySeries {
  readonly name: string;
  /** By day, such as `2026-11-29`; a day without a number is 0. */
  readonly counts: ReadonlyMap<string, number>;
}

const DAY_MS = 86_400_000;

/** Every day from the first to the last instant, in UTC, in order. Bounded, so that a wrong range draws no endless chart. */
export function daysBetween(from: string, to: string, maxDays = 400): readonly string[] {
  const firstMs = Math.floor(Date.parse(from) / DAY_MS) * DAY_MS;
  const lastMs = Date.parse(to);
  const days: string[] = [];
  for (let atMs = firstMs; atMs <= lastMs && days.length < maxDays; atMs += DAY_MS) {
    days.push(new Date(atMs).toISOString().slice(0, 10));
  }
  return days;
}

/** A round number at or above the largest one, for the top of the scale: 1, 2 or 5 times a power of ten. */
export function roundTop(largest: number): number {
  if (largest <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(largest));
  const factor = [1, 2, 5, 10].find((step) => step * power >= largest) ?? 10;
  return factor * power;
}

/** The sum of all series on a day. */
export function totalOf(series: readonly DaySeries[], day: string): number {
  return series.reduce((sum, { counts }) => sum + (counts.get(day) ?? 0), 0);
}
