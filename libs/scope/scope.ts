/** R01: a token has exactly one of these. */
export const SCOPES = ['read-only', 'read-write'] as const;

export type Scope = (typeof SCOPES)[number];

/** A scope without a rule does not compile. */
const COVERAGE = {
  'read-only': 'reads',
  'read-write': 'everything',
} as const satisfies Readonly<Record<Scope, 'reads' | 'everything'>>;

export function isScope(value: unknown): value is Scope {
  return typeof value === 'string' && Object.hasOwn(COVERAGE, value);
}

/** An unknown scope covers reads at most. */
export function coversWrites(scope: Scope): boolean {
  return COVERAGE[scope] === 'everything';
}
