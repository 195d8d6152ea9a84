import type { CredentialKind } from '@scopegate/access';

/** Every type of event there is. */
export const AUDIT_EVENT_TYPES = [
  'authentication.succeeded',
  'authentication.passed',
  'authentication.failed',
  'permission.denied',
  'upstream.failed',
  'request.failed',
  'requests.unrecorded',
  'login.succeeded',
  'login.failed',
  'token.created',
  'token.changed',
  'token.rotated',
  'token.revoked',
  'token.purged',
  'settings.changed',
  'permissions.changed',
  'application.created',
  'application.changed',
  'application.deleted',
  'user.created',
  'user.changed',
  'user.deleted',
  'group.created',
  'group.deleted',
  'group.member-added',
  'group.member-removed',
] as const;

export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

export const AUDIT_OUTCOMES = ['allowed', 'passed', 'denied', 'failed', 'changed'] as const;

export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What is recorded of a request or a change (R55, R59). No secret, password, cookie or Authorization value (R61). */
export interface AuditEvent {
  /** Time-ordered and unique: a replay stores nothing twice. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** How many identical failures this event stands for. */
  readonly count: number;
  readonly type: AuditEventType;
  readonly outcome: AuditOutcome;
  /** Whether the request was allowed by its token and then refused by the upstream itself, with 401 or 403. */
  readonly upstreamRefused: boolean;
  /** The true reason; the client may have been told a general one. */
  readonly code: string | null;
  /** Who acted: the name presented, or the owner once the secret has matched. */
  readonly actor: string | null;
  /** Whose token it was. */
  readonly owner: string | null;
  readonly tokenId: string | null;
  readonly tokenDescription: string | null;
  readonly tokenScope: string | null;
  readonly credential: CredentialKind | null;
  readonly clientIp: string | null;
  readonly peer: string | null;
  readonly method: string | null;
  /** The canonical path below the mount, without the query. */
  readonly path: string | null;
  readonly application: string | null;
  readonly status: number | null;
  /** Milliseconds until the head of the answer. */
  readonly durationMs: number | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  /** What changed, for changes; what else is known, for the rest. */
  readonly detail: Readonly<Record<string, unknown>> | null;
}

/** What an event says of which nothing is known besides: the members that may be null, all of them null, and no refusal. */
export const NOTHING_KNOWN = {
  upstreamRefused: false,
  code: null,
  actor: null,
  owner: null,
  tokenId: null,
  tokenDescription: null,
  tokenScope: null,
  credential: null,
  clientIp: null,
  peer: null,
  method: null,
  path: null,
  application: null,
  status: null,
  durationMs: null,
  userAgent: null,
  requestId: null,
  detail: null,
} as const satisfies Partial<AuditEvent>;
