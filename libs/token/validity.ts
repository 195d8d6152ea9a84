/** What users can choose, and what administrators can set as the maximum (R27). */
export const VALIDITIES = ['P1M', 'P2M', 'P3M', 'P4M', 'P5M', 'P6M', 'P1Y', 'P2Y', 'never'] as const;

export type Validity = (typeof VALIDITIES)[number];

/** The longest validity that the administrator allows; `never` sets no limit. */
export type Maximum = Validity;

/** Calendar months of each validity; null where the token never expires. */
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

/** The choices of a maximum of half a year and more. */
const LONG_VALIDITIES = ['P6M', 'P1Y', 'P2Y'] as const;

/** Whether a value is one of the nine validities; anything else is a 400 (R27). */
export function isValidity(value: unknown): value is Validity {
  return (VALIDITIES as readonly unknown[]).includes(value);
}

export function validityMonths(validity: Validity): number | null {
  return MONTHS[validity];
}

/**
 * The validities offered and accepted under a maximum (R28). Without a limit: all. From half a year on: half a year and the
 * years up to the maximum. Below that: the maximum alone.
 */
export function offeredValidities(maximum: Maximum): readonly Validity[] {
  const limit = MONTHS[maximum];
  if (limit === null) {
    return VALIDITIES;
  }
  const offered = LONG_VALIDITIES.filter((validity) => (MONTHS[validity] ?? Infinity) <= limit);
  return offered.length > 0 ? offered : [maximum];
}

/**
 * The same time of day some calendar months later (or earlier), in UTC. If the month is too short, its last day:
 * 31 August + 6 months is 28 or 29 February, never 2 or 3 March (R30).
 * @param instantMs epoch milliseconds
 * @param months a whole number
 * @returns epoch milliseconds, or NaN beyond what a Date can hold
 */
export function addMonths(instantMs: number, months: number): number {
  const date = new Date(instantMs);
  const day = date.getUTCDate();
  // First of the month before the month changes: a Date would turn 31 February into March.
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const monthEnd = new Date(date);
  monthEnd.setUTCMonth(monthEnd.getUTCMonth() + 1, 0);
  return date.setUTCDate(Math.min(day, monthEnd.getUTCDate()));
}
