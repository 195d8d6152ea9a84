/** What a route asks of a token. */
export type Scope = 'read-only' | 'read-write';

/** The user that a token acts for, and the token. */
export interface ScopegateCaller {
  readonly username: string;
  readonly displayName: string | null;
  readonly email: string | null;
  readonly groups: readonly string[];
  readonly tokenId: string;
  readonly scope: Scope;
  /** ISO 8601; null: the token does not expire. */
  readonly expiresAt: string | null;
}

/** A problem document (RFC 9457) with Scopegate's code. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly [member: string]: unknown;
}

/** The request that a decision is about, and what its route asks for. */
export interface Question {
  readonly application?: string;
  readonly method: string;
  /** The target as it stood in the request line. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly clientIp: string | null;
  /** Missing: method and path decide, as in the gateway. */
  readonly scope?: Scope;
}

export type Decision = { readonly decision: 'allow'; readonly caller: ScopegateCaller } | Refusal;

export interface Refusal {
  readonly decision: 'deny';
  readonly problem: Problem;
  /** The values of `WWW-Authenticate`. */
  readonly challenge: readonly string[];
  /** The value of `Retry-After`; null: without it. */
  readonly retryAfterSeconds: number | null;
}

/** A text that may stand in a line of a head (RFC 9110, section 5.5). */
const LINE_VALUE = /^[\x20-\x7e]{1,1000}$/;

const MAX_CHALLENGES = 8;

/**
 * Reads the answer to a question.
 * @returns null unless it is a decision in every member, so that an answer of another server allows nothing
 */
export function readDecision(answer: unknown): Decision | null {
  if (!isObject(answer)) return null;
  const { decision, caller, problem, challenge, retryAfterSeconds } = answer;
  if (decision === 'allow') return isCaller(caller) ? { decision, caller: frozen(caller) } : null;
  if (decision !== 'deny' || !isProblem(problem)) return null;
  return {
    decision,
    problem,
    challenge: challengesIn(challenge),
    retryAfterSeconds: Number.isSafeInteger(retryAfterSeconds) ? (retryAfterSeconds as number) : null,
  };
}

/** The refusal of a request that Scopegate does not take as a question, such as one with too many lines. */
export const UNREADABLE: Refusal = {
  decision: 'deny',
  problem: {
    status: 400,
    code: 'request_malformed',
    title: 'Malformed request',
    detail: 'The request cannot be judged.',
  },
  challenge: [],
  retryAfterSeconds: null,
};

/** The refusal without a decision of Scopegate. */
export const NO_DECISION: Refusal = {
  decision: 'deny',
  problem: {
    status: 503,
    code: 'decision_unavailable',
    title: 'No decision',
    detail: 'The access to this route cannot be decided at the moment. Try again later.',
  },
  challenge: [],
  retryAfterSeconds: null,
};

/** Handlers of many requests get the same caller while its decision is kept, so that none may change it. */
function frozen(caller: ScopegateCaller): ScopegateCaller {
  const { username, displayName, email, groups, tokenId, scope, expiresAt } = caller;
  const ownGroups = Object.freeze([...groups]);
  return Object.freeze({ username, displayName, email, groups: ownGroups, tokenId, scope, expiresAt });
}

function challengesIn(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, MAX_CHALLENGES)
    .filter((text): text is string => typeof text === 'string' && LINE_VALUE.test(text));
}

function isCaller(value: unknown): value is ScopegateCaller {
  return (
    isObject(value) &&
    isText(value['username']) &&
    isTextOrNull(value['displayName']) &&
    isTextOrNull(value['email']) &&
    Array.isArray(value['groups']) &&
    value['groups'].every((group) => typeof group === 'string') &&
    isText(value['tokenId']) &&
    (value['scope'] === 'read-only' || value['scope'] === 'read-write') &&
    (value['expiresAt'] === null || (isText(value['expiresAt']) && !Number.isNaN(Date.parse(value['expiresAt']))))
  );
}

function isProblem(value: unknown): value is Problem {
  if (!isObject(value) || !isText(value['code'])) return false;
  const { status, detail } = value;
  if (detail !== undefined && typeof detail !== 'string') return false;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
