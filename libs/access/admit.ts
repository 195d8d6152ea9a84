import { isAddressAllowed, readAuthority, resolveClientAddress, type ClientAddress } from '@scopegate/network';
import { judgePath, type PathJudgement } from '@scopegate/path';
import { productOf } from '@scopegate/product';
import { isRefusedMethod } from '@scopegate/scope';
import { isBlocked } from './blocked-request.js';
import { readBrowserSession } from './browser-session.js';
import type { Credential, CredentialReading } from './credential.js';
import { deny, type Admitted, type Deny } from './decision.js';
import type { AccessPolicy, ApplicationRules, RequestFacts } from './facts.js';
import { isOfForeignPage, isSecureRequest, mayChange, pageOriginOf, type BrowserRules } from './own-origin.js';
import { readCredential } from './request-credential.js';

export type FormFacts = Pick<RequestFacts, 'method' | 'httpVersion' | 'rawPath' | 'head' | 'targetAuthority'>;

/** More lines than any honest client sends; Node's own views of a longer list differ from each other (R67). */
export const MAX_HEADER_LINES = 100;

/**
 * Judges the form, the path, the product's own token management, the form of the credential and the client address. It
 * reads nothing from anywhere, so a refusal costs no look-up.
 * @param application null at the management API: its router judges the path
 * @param browser null where no browser session counts: everywhere but at the management API (R99)
 */
export function admit(
  request: RequestFacts,
  application: ApplicationRules | null,
  path: PathJudgement | null,
  policy: AccessPolicy,
  browser: BrowserRules | null = null,
): Admitted | Deny {
  const form = judgeForm(request);
  if (form !== null) return form;

  const address = resolveClientAddress(request.peer, request.head.lines, policy.reverseProxy);
  const line = readCredential(request, application);
  const reading = browser === null ? line : withBrowserSession(line, request, address, policy, browser);
  const credential: Credential = reading.ok ? reading.credential : { kind: 'none' };

  const known = { credential, address, path };

  const pathFault = path === null ? null : refusePath(path, credential, policy);
  if (pathFault !== null) return deny('path_ambiguous', known, { detail: pathFault });
  if (path?.nativeTokenManagement === true && application?.nativeTokensDisabled === true) {
    return deny('native_token_management_disabled', known);
  }
  // A credential that cannot be read is refused next; a token may be meant by it.
  const asToken = !reading.ok || credential.kind === 'token';
  if (asToken && isBlocked(request, { path, application })) return deny('path_blocked', known);
  if (!reading.ok) return deny(reading.code, known, { detail: reading.detail });
  if (browser !== null && isCrossOrigin(request, credential, address, policy, browser)) {
    return deny('cross_origin_refused', known);
  }

  const listApplies =
    credential.kind === 'token' || (credential.kind === 'password' && listAppliesToPassword(application, policy));
  if (listApplies && !isAddressAllowed(policy.allowList, address.client)) {
    return deny('ip_not_allowed', known, { detail: forbiddenAddressDetail(address) });
  }
  return { kind: 'admitted', request, application, policy, path, credential, address };
}

/** R99. The Authorization line counts: a program that sends both means the line. */
function withBrowserSession(
  line: CredentialReading,
  request: RequestFacts,
  address: ClientAddress,
  { reverseProxy }: AccessPolicy,
  browser: BrowserRules,
): CredentialReading {
  if (!line.ok || line.credential.kind !== 'cookie') return line;
  return readBrowserSession(request.head, isSecureRequest(request, address, reverseProxy, browser)) ?? line;
}

/**
 * R99: browsers send the cookie, and a form, for whatever page asks them to. They also send a password again that they
 * once asked for, and programs have no `Sec-Fetch-Site`.
 */
function isCrossOrigin(
  request: RequestFacts,
  { kind }: Credential,
  address: ClientAddress,
  { reverseProxy }: AccessPolicy,
  browser: BrowserRules,
): boolean {
  if (kind === 'password' && mayChange(request) && isOfForeignPage(request)) return true;
  const isLogin = request.login !== undefined;
  if (!isLogin && (kind !== 'session' || !mayChange(request))) return false;
  const origin = pageOriginOf(request, address, reverseProxy, browser);
  return isLogin ? origin === 'foreign' : origin !== 'own';
}

/** @returns null at the management API */
export function judgeRequestPath(rawPath: string, application: ApplicationRules | null): PathJudgement | null {
  if (application === null) return null;
  const { kind, paths } = application;
  return judgePath(rawPath, { rules: productOf(kind).paths, reading: paths });
}

/** A login at jira's session endpoint is read before the decision (R04, R43). */
export function needsSessionBody(method: string, path: PathJudgement | null): boolean {
  return method === 'POST' && path?.sessionEndpoint === true;
}

/** R37. The list does not apply to password logins at the management API, so that an administrator can correct it. */
function listAppliesToPassword(application: ApplicationRules | null, policy: AccessPolicy): boolean {
  return application !== null && policy.allowListAppliesToPasswords;
}

/** The text of R34: it names the address that was judged. */
export function forbiddenAddressDetail(address: ClientAddress): string {
  return address.client === null
    ? 'The forwarding header gives no valid client address, so this request is not allowed to authenticate.'
    : `The client address ${address.client} is not allowed to authenticate.`;
}

/** R67: what makes a request HTTP at all, for applications, the management API and unknown paths alike. */
export function judgeForm(request: FormFacts): Deny | null {
  const { head, httpVersion, targetAuthority } = request;
  if (head.lines.length / 2 > MAX_HEADER_LINES) return deny('headers_too_large');
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return deny('http_version_unsupported');
  const reading = readAuthority({ hostLine: head.hostLine, httpVersion, targetAuthority });
  if (!reading.ok) return deny('request_malformed', null, { detail: reading.detail });
  const codings = head.transferCodings;
  if (codings.length > 0) {
    if (httpVersion === '1.0') {
      return deny('request_malformed', null, { detail: 'HTTP/1.0 has no Transfer-Encoding (RFC 9112 6.1).' });
    }
    if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked') {
      return deny('request_malformed', null, {
        detail: 'The only transfer coding accepted is "chunked" (RFC 9112 6.1).',
      });
    }
  }
  if (request.rawPath.includes('\\')) {
    return deny('request_malformed', null, {
      detail: 'The request target contains a backslash, which a URI must not contain (RFC 3986).',
    });
  }
  return isRefusedMethod(request.method) ? deny('method_not_allowed') : null;
}

/**
 * R46, R48: a token request needs exactly one plain reading; others only while passwords are disabled and the switch is
 * on. A path that is not a URI is always refused.
 */
function refusePath(path: PathJudgement, credential: Credential, policy: AccessPolicy): string | null {
  const protect = credential.kind === 'token' || (policy.preventPathTraversal && !policy.passwordsEnabled);
  if (path.strict.ok || (!protect && path.lenient !== 'reject')) return null;
  return path.strict.detail;
}
