/** R01: a token has exactly one of these. */
export const SCOPES = ['read-only', 'read-write'] as const;

export type Scope = (typeof SCOPES)[number];

/** What each scope covers: every request, or those alone that count as reads. A scope without a rule does not compile. */
const COVERAGE = {
  'read-only': 'reads',
  'read-write': 'everything',
} as const satisfies Readonly<Record<Scope, 'reads' | 'everything'>>;

/** Whether a value that came from outside is a scope. */
export function isScope(value: unknown): value is Scope {
  return typeof value === 'string' && Object.hasOwn(COVERAGE, value);
}

/** Whether a token of this scope may make requests that are no reads. What is not a known scope covers reads at most. */
export function coversWrites(scope: Scope): boolean {
  return COVERAGE[scope] === 'everything';
}
