/** R27. */
export const VALIDITIES = ['P1M', 'P2M', 'P3M', 'P4M', 'P5M', 'P6M', 'P1Y', 'P2Y', 'never'] as const;

export type Validity = (typeof VALIDITIES)[number];

export type Maximum = Validity;

/** Null: never expires. */
const MONTHS: Readonly<Record<Validity, number | null>> = {
  P1M: 1,
  P2M: 2,
  P3M: 3,
  P4M: 4,
  P5M: 5,
  P6M: 6,
  P1Y: 12,
  P2Y: 24,
  never: null,
};

/** For a maximum of half a year or more. */
const LONG_VALIDITIES = ['P6M', 'P1Y', 'P2Y'] as const;

export function isValidity(value: unknown): value is Validity {
  return (VALIDITIES as readonly unknown[]).includes(value);
}

export function validityMonths(validity: Validity): number | null {
  return MONTHS[validity];
}

/** R28. No limit: all. From half a year: half a year and the years up to the maximum. Below: only the maximum. */
export function offeredValidities(maximum: Maximum): readonly Validity[] {
  const limit = MONTHS[maximum];
  if (limit === null) {
    return VALIDITIES;
  }
  const offered = LONG_VALIDITIES.filter((validity) => (MONTHS[validity] ?? Infinity) <= limit);
  return offered.length > 0 ? offered : [maximum];
}

/**
 * Calendar months, same time of day in UTC. In a short month the last day: 31 August + 6 months is in February (R30).
 * @param instantMs epoch milliseconds
 * @returns epoch milliseconds, or NaN beyond the range of Date
 */
export function addMonths(instantMs: number, months: number): number {
  const date = new Date(instantMs);
  const day = date.getUTCDate();
  // First the 1st: a Date would turn 31 February into March.
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const monthEnd = new Date(date);
  monthEnd.setUTCMonth(monthEnd.getUTCMonth() + 1, 0);
  return date.setUTCDate(Math.min(day, monthEnd.getUTCDate()));
}
