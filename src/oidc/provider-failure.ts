import * as client from 'openid-client';
import { LoginFailure } from './login-failure.js';

/** Whether the provider or the network is to blame. */
const AWAY: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable']);

/** The user or the provider's rules refuse (OpenID Connect Core 3.1.2.6). */
const REFUSED: ReadonlySet<string> = new Set([
  'access_denied',
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);

/** Our configuration is to blame (RFC 6749 5.2). */
const MISCONFIGURED: ReadonlySet<string> = new Set(['invalid_client', 'unauthorized_client']);

/** Anything else comes from the address and is not repeated. */
const ERROR_CODE = /^[a-z_]{1,40}$/;

/** @param error of `openid-client`, whose texts may contain tokens: only codes go on */
export function providerFailure(error: unknown): LoginFailure {
  if (error instanceof LoginFailure) return error;
  if (error instanceof client.AuthorizationResponseError) return ofErrorCode(error.error);
  if (error instanceof client.ResponseBodyError) return ofTokenEndpoint(error);
  if (error instanceof client.WWWAuthenticateChallengeError) return new LoginFailure('oidc_unavailable', 'challenge');
  if (error instanceof client.ClientError) return ofAnswer(error);
  // What `fetch` throws: no connection, no name, no valid certificate.
  return new LoginFailure('oidc_unavailable', error instanceof TypeError ? 'connection' : 'unknown');
}

function ofErrorCode(error: string): LoginFailure {
  const code = ERROR_CODE.test(error) ? error : 'error';
  if (REFUSED.has(code)) return new LoginFailure('oidc_login_denied', code);
  return new LoginFailure(AWAY.has(code) ? 'oidc_unavailable' : 'oidc_answer_invalid', code);
}

/** `invalid_grant`: the code has expired, was used already, or belongs to another login. */
function ofTokenEndpoint({ error, status }: client.ResponseBodyError): LoginFailure {
  const code = ERROR_CODE.test(error) ? error : 'error';
  if (code === 'invalid_grant') return new LoginFailure('oidc_login_lost', code);
  const isAway = status >= 500 || AWAY.has(code) || MISCONFIGURED.has(code);
  return new LoginFailure(isAway ? 'oidc_unavailable' : 'oidc_answer_invalid', code);
}

const UNREADABLE: ReadonlySet<string> = new Set(['OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']);

function ofAnswer({ code = 'OAUTH_UNKNOWN', cause }: client.ClientError): LoginFailure {
  const name = code.replace(/^OAUTH_/, '').toLowerCase();
  const isAway = code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT' || UNREADABLE.has(code);
  const claim = claimOf(cause);
  return new LoginFailure(
    isAway ? 'oidc_unavailable' : 'oidc_answer_invalid',
    claim === null ? name : `${name}: ${claim}`,
  );
}

/** The claim that is wrong: `aud`, `iss`, `nonce`, `auth_time`. */
function claimOf(cause: unknown): string | null {
  for (let error = cause; typeof error === 'object' && error !== null;) {
    if ('claim' in error && typeof error.claim === 'string' && ERROR_CODE.test(error.claim)) return error.claim;
    error = 'cause' in error ? error.cause : null;
  }
  return null;
}
