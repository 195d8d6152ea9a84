import type { Schema } from '../api/client';

type Validity = Schema<'TokenCreation'>['validities'][number];

/** How long a token is valid, in words. */
export const VALIDITY_TITLES: Readonly<Record<Validity, string>> = {
  P1M: '1 month',
  P2M: '2 months',
  P3M: '3 months',
  P4M: '4 months',
  P5M: '5 months',
  P6M: '6 months',
  P1Y: '1 year',
  P2Y: '2 years',
  never: 'Without an end',
};

/** What a person chose: one of the choices, a date of their own, or nothing to change. */
export interface ChosenEnd {
  readonly choice: Validity | 'date' | 'unchanged';
  /** Of `<input type="datetime-local">`: local time without an offset. */
  readonly date: string;
}

/** As the API takes it. */
export interface AskedEnd {
  readonly validity?: Validity;
  readonly expiresAt?: string;
}

/** @returns null if a date was chosen and is none */
export function askedEnd({ choice, date }: ChosenEnd): AskedEnd | null {
  if (choice === 'unchanged') return {};
  if (choice !== 'date') return { validity: choice };
  const instant = new Date(date);
  return Number.isNaN(instant.getTime()) ? null : { expiresAt: instant.toISOString() };
}
