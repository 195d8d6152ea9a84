import { isSafeRequest } from './authorize.js';
import { deny, type Authenticated, type Deny } from './decision.js';
import { vendorCallOf } from './vendor-call.js';

const SESSION_ENDPOINT =
  'Only the gateway itself answers this call with a token. Send it to the gateway, not through this proxy.';

/**
 * The gateway answers these calls itself (R04, R05). Through another door the application would get them, and answer
 * with a session or a token of its own, which no scope limits (R11, R124).
 */
export function refuseAnsweredHere({ admitted, token }: Authenticated): Deny | null {
  const { application, path, request } = admitted;
  if (token === null || application === null) return null;
  if (vendorCallOf(request.method, request.rawPath, application) !== null) {
    return deny('path_blocked', admitted, { token });
  }
  const changesSession = path?.sessionEndpoint === true && !isSafeRequest(request);
  return changesSession ? deny('token_not_accepted', admitted, { token, detail: SESSION_ENDPOINT }) : null;
}
