/** R01: a token has exactly one of these. */
export const SCOPES = ['read-only', 'read-write'] as const;

export type Scope = (typeof SCOPES)[number];

/** Whether a value that came from outside is a scope. */
export function isScope(value: unknown): value is Scope {
  return value === 'read-only' || value === 'read-write';
}
