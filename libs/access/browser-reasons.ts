import type { Reason } from './reason.js';

/** Of requests with the session of a browser (R99): a part of `REASONS`. */
export const BROWSER_REASONS = {
  cross_origin_refused: {
    stage: 'credential',
    status: 403,
    failure: null,
    onEveryCall: true,
    publicCode: 'cross_origin_refused',
    title: 'The request comes from another site',
    detail:
      'With the cookie of a session, only pages of this server may change anything. Programs: send a token in ' +
      'Authorization, and no cookie. Behind a proxy that ends TLS: set SCOPEGATE_PUBLIC_URL.',
  },
  session_expired: {
    stage: 'token',
    status: 401,
    failure: null,
    onEveryCall: true,
    publicCode: 'session_expired',
    title: 'The session has ended',
    detail: 'Log in again. A session ends 30 minutes after its last use, 12 hours after the login, and with a logout.',
  },
  step_up_required: {
    stage: 'scope',
    status: 403,
    failure: null,
    onEveryCall: false,
    publicCode: 'step_up_required',
    title: 'Your password is needed again',
    detail:
      'The login is more than 15 minutes old, and this change needs a new one. Send your password to ' +
      'POST /api/v1/session/step-up, or log in again. Then repeat the request.',
  },
} as const satisfies Record<string, Reason>;
