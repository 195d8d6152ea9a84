export const AUDIT_EVENT_TYPES = [
  'authentication.succeeded',
  'authentication.passed',
  'authentication.failed',
  'connection.ended',
  'permission.denied',
  'upstream.failed',
  'request.failed',
  'requests.unrecorded',
  'login.succeeded',
  'login.failed',
  'session.opened',
  'session.ended',
  'token.created',
  'token.changed',
  'token.rotated',
  'token.revoked',
  'token.purged',
  'token.expires-soon',
  'token.used-from-new-address',
  'settings.changed',
  'permissions.changed',
  'application.created',
  'application.changed',
  'application.deleted',
  'deposit.created',
  'deposit.changed',
  'deposit.deleted',
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
