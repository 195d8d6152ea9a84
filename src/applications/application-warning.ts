import { isLoopbackHost } from '@scopegate/network';
import { APPLICATION_KINDS, productOf, type ApplicationKind } from '@scopegate/product';
import type { PathPattern } from '@scopegate/path';
import type { Warning } from '@scopegate/permission';
import type { ApplicationDocument } from './application.js';
import { knownVersion } from './application-version.js';
import { isFixedValue } from './identity-header.js';
import { nativeTokenSwitch } from './product-version.js';
import { isProposed } from './read-only-exceptions.js';

/** A fixed value of such a header is probably a credential. */
const SECRET_LIKE = /auth|key|token|secret|passw|credential/i;

/** Applications that one warning names. */
const MAX_NAMED = 10;

export const MOUNTED_UPSTREAM: Warning = {
  code: 'upstream_is_a_mount',
  message:
    'An application is mounted at the host of the upstream. If this host leads back to the gateway, every ' +
    'request is refused with 508. Make sure that the host leads to the application itself, or use its ' +
    'internal address.',
};

/** Each names a consequence and the way out. */
export function applicationWarnings(application: ApplicationDocument): readonly Warning[] {
  const warnings: Warning[] = [];
  const { kind, upstream, identity, host, mount } = application;
  if (keepsNativeTokens(application)) warnings.push(nativeTokenWarning(kind, [application]));
  warnings.push(...unjudgedWarnings(application));
  if (isPlainHttpToElsewhere(upstream)) {
    warnings.push({
      code: 'upstream_not_encrypted',
      message:
        'The gateway reaches the application over a network by http. An attacker on that network can read the ' +
        'requests with their passwords, and can pretend to be any user. Use https, and let the application ' +
        'accept connections only from the gateway.',
    });
  }
  if (host === 'client' && mount.host === null) {
    warnings.push({
      code: 'host_chosen_by_client',
      message:
        'Clients choose the Host line that the application gets. If its server has other sites by name, a client can ' +
        'reach them, with the identity headers. Mount the application at a host, or write its outer host name into ' +
        '"host".',
    });
  }
  if (upstream.toLowerCase().startsWith('http:') && Object.values(application.tls).some((value) => value !== null)) {
    warnings.push({
      code: 'tls_not_used',
      message: '"tls" has no effect, because "upstream" begins with http. Use https.',
    });
  }
  if (identity.mode === 'headers' && identity.headers.every(isFixedValue)) {
    warnings.push({
      code: 'identity_without_user',
      message:
        'No identity header contains the user, so the application does not know who owns a token. Add one with ' +
        '{username} or {email}.',
    });
  }
  if ('services' in identity && identity.headers.every(isFixedValue)) {
    warnings.push({
      code: 'identity_without_user',
      message:
        'Every token acts as the service account itself, with all its permissions. Add a header with {username}, or ' +
        'let each user store a credential ("perUser": true).',
    });
  }
  const readable = identity.headers.filter(
    (header) => 'template' in header && isFixedValue(header) && SECRET_LIKE.test(header.name),
  );
  if (readable.length > 0) {
    warnings.push({
      code: 'fixed_value_readable',
      message:
        `The value of ${readable.map((header) => header.name).join(', ')} can be read by every administrator. If ` +
        'it is a secret, write {"secret": "…"} instead: then it is stored encrypted and never shown.',
    });
  }
  warnings.push(...widePatternWarnings(application));
  return warnings;
}

/** A wildcard in the first segment reaches nearly everything. */
function isWide({ path }: PathPattern): boolean {
  return path.split('/')[1]?.startsWith('*') === true;
}

/** R13, R118. */
function widePatternWarnings({ kind, readOnlyExceptions, tokenPaths }: ApplicationDocument): readonly Warning[] {
  const warnings: Warning[] = [];
  const exceptions = readOnlyExceptions.filter((call) => isWide(call) && !isProposed(kind, call));
  if (exceptions.length > 0) {
    warnings.push({
      code: 'exception_too_wide',
      message:
        `With ${exceptions.map(({ method, path }) => `${method} ${path}`).join(', ')}, read-only tokens can do much ` +
        'more than read. Name the paths of the calls that only read.',
    });
  }
  const opened = tokenPaths.filter(isWide);
  if (opened.length > 0 && productOf(kind).paths.rest !== 'everything') {
    warnings.push({
      code: 'token_path_too_wide',
      message:
        `With ${opened.map(({ path }) => path).join(', ')} in "tokenPaths", tokens can open nearly every page, also ` +
        'those of administrators and those that change something on a GET. Name the paths of files and exports.',
    });
  }
  return warnings;
}

/** Requests that the gateway forwards without judging them, although the kind does not do so by default. */
function unjudgedWarnings({ kind, anonymous, passwords }: ApplicationDocument): readonly Warning[] {
  const warnings: Warning[] = [];
  if (productOf(kind).anonymous === 'deny' && anonymous === 'allow') {
    warnings.push({
      code: 'anonymous_allowed',
      message:
        'Requests without a credential are forwarded, so the application itself must refuse them where needed. ' +
        'Set "anonymous" to "deny" and the gateway requires a credential.',
    });
  }
  if (productOf(kind).passwords === 'deny' && passwords === 'forward') {
    warnings.push({
      code: 'passwords_forwarded',
      message:
        'Requests with a user name and password are forwarded, and Scopegate does not check them. An application ' +
        'without users of its own answers every one of them. Set "passwords" to "deny" unless the application ' +
        'checks passwords itself.',
    });
  }
  return warnings;
}

/**
 * R55: an upstream that refuses every token request does not believe the identity headers.
 * @param refused requests in a row
 */
export function identityRefusedWarning(refused: number): Warning {
  return {
    code: 'identity_refused',
    message:
      `The application does not accept the identity from the gateway: it refused all of the last ${refused} token ` +
      'requests of this node. Configure it to trust the identity headers or assertions from the gateway, check their ' +
      'names, and that users have the same names there. If it gets a stored credential, renew that. POST ' +
      '/applications/{key}/check shows its answer.',
  };
}

/**
 * R99: pages of an application at a path have the origin of the console, if both are on one port. Whatever the console
 * can do with the session of its user, a script in such a page can.
 */
export function sharedOriginWarnings(applications: readonly ApplicationDocument[]): readonly Warning[] {
  const sharing = applications.filter(({ mount }) => mount.host === null);
  if (sharing.length === 0) return [];
  return [
    {
      code: 'console_shares_origin',
      message:
        `The console has the same origin as ${namesOf(sharing).join(', ')}: a script in a page of such an application ` +
        'can use the session of everybody who is logged in to the console, also of an administrator. Set ' +
        'SCOPEGATE_MANAGEMENT_PORT and give the console a host name of its own, or mount applications with pages at ' +
        'hosts of their own.',
    },
  ];
}

/** R54: one warning per product, over all applications. */
export function nativeTokenWarnings(applications: readonly ApplicationDocument[]): readonly Warning[] {
  return APPLICATION_KINDS.flatMap((kind) => {
    const keeping = applications.filter((application) => application.kind === kind && keepsNativeTokens(application));
    return keeping.length === 0 ? [] : [nativeTokenWarning(kind, keeping)];
  });
}

/** An unknown version may have them, too. */
function keepsNativeTokens(application: ApplicationDocument): boolean {
  const state = nativeTokenSwitch(application.kind, knownVersion(application));
  return !application.nativeTokensDisabled && (state === 'available' || state === 'version-unknown');
}

function nativeTokenWarning(kind: ApplicationKind, applications: readonly ApplicationDocument[]): Warning {
  const { name: product, nativeTokens } = productOf(kind);
  const named = namesOf(applications);
  const unknown = applications.some(
    (application) => nativeTokenSwitch(kind, knownVersion(application)) === 'version-unknown',
  );
  return {
    code: 'native_tokens_enabled',
    message:
      `The personal access tokens of ${product} itself still work in ${named.join(', ')}: the scopes, expiry ` +
      'and address rules of Scopegate do not apply to them. We recommend switching "nativeTokensDisabled" on' +
      (unknown ? ` (set "version" first: the switch exists from ${nativeTokens?.since ?? ''} on). ` : '. ') +
      `The switch works only in the gateway: a client that reaches ${product} directly can still use them. To ` +
      'switch ' +
      `these tokens off in ${product} as well, disable the app that provides them under ${nativeTokens?.appManagement ?? ''}.`,
  };
}

function namesOf(applications: readonly ApplicationDocument[]): string[] {
  const named = applications.slice(0, MAX_NAMED).map((application) => `"${application.name}"`);
  return applications.length > MAX_NAMED ? [...named, `${applications.length - MAX_NAMED} more`] : named;
}

function isPlainHttpToElsewhere(upstream: string): boolean {
  if (!URL.canParse(upstream) || /^http:\/\/unix:\//i.test(upstream)) return false;
  const { protocol, hostname } = new URL(upstream);
  return protocol === 'http:' && !isLoopbackHost(hostname);
}
