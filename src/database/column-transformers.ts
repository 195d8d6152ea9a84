import type { ValueTransformer } from 'typeorm';

/** MySQL returns a string, SQLite a number. */
export const bigintAsNumber: ValueTransformer = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

/** Both databases return 0 or 1. */
export const numberAsBoolean: ValueTransformer = {
  to: (value: boolean | undefined) => value,
  from: (value: boolean | number | null) => (value === null ? null : Boolean(value)),
};
