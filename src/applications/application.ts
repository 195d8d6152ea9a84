import { Acting, Cors, type ApplicationRules } from '@scopegate/access';
import { productOf, type ApplicationKind } from '@scopegate/product';
import { compileBlockedPaths, compilePatterns, type PathPattern, type ReadOnlyException } from '@scopegate/path';
import {
  AnswerAddresses,
  compileSessionParameters,
  parseUpstream,
  type SessionParameterRule,
  type UpstreamTarget,
} from '@scopegate/upstream';
import { actingIdentity } from './acting-identity.js';
import { optionsOf, type ApplicationOptions } from './application-options.js';
import type { ApplicationIdentity } from './application-identity.js';
import type { Mount } from './mount.js';
import { protectIdentity, unreadableSecret, type ProtectedIdentity } from './protected-identity.js';
import type { SecretBox } from '../keys/secret-box.js';
import { openTls, type UpstreamTls } from './upstream-tls.js';

export interface ApplicationDocument extends ApplicationOptions {
  readonly name: string;
  readonly kind: ApplicationKind;
  /** Of the product, set by hand; null if not. */
  readonly version: string | null;
  /** Of the product, read from the upstream at a save without a version set by hand. */
  readonly detectedVersion: string | null;
  readonly mount: Mount;
  readonly upstream: string;
  readonly anonymous: 'allow' | 'deny';
  readonly identity: ApplicationIdentity;
  readonly readOnlyExceptions: readonly ReadOnlyException[];
  readonly nativeTokensDisabled: boolean;
  readonly remoteApiPasswords: boolean;
}

export interface StoredApplication {
  readonly key: string;
  /** Rises with every change. */
  readonly revision: number;
  readonly document: ApplicationDocument;
}

/** Prepared for the hot path. */
export interface ProtectedApplication {
  readonly key: string;
  readonly name: string;
  readonly rules: ApplicationRules;
  /** `/`, or segments without a slash at the end. */
  readonly pathPrefix: string;
  readonly target: UpstreamTarget;
  readonly tls: UpstreamTls;
  /** Of answers (R115). */
  readonly addresses: AnswerAddresses;
  readonly identity: ProtectedIdentity;
  /** Folded names of the lines in which a credential or another user is presented. They go upstream only without a token. */
  readonly credentialNames: ReadonlySet<string>;
  /** Removes the product's session ids from answers to tokens (R11). */
  readonly sessionParameters: SessionParameterRule;
  readonly options: ApplicationOptions;
  /** An unreadable rule or secret, so every request is refused; null if all is well. */
  readonly fault: string | null;
  /** Rises with every change. */
  readonly version: number;
}

/** For an unreadable address: every request is refused. */
const NOWHERE: UpstreamTarget = {
  origin: 'http://upstream.invalid',
  host: 'upstream.invalid',
  basePath: '',
  ownPath: '/',
  endpoint: 'http://upstream.invalid',
  socketPath: null,
};

/** Unreadable parts are not guessed and do not stop other applications: the `fault` refuses every request. */
export function protect(stored: StoredApplication, box: SecretBox): ProtectedApplication {
  const { key, document } = stored;
  const faults: string[] = [];
  const upstream = parseUpstream(document.upstream);
  if (!upstream.ok) faults.push(`The stored upstream ${upstream.message}.`);
  const options = optionsOf(document, document.kind);
  const target = upstream.ok ? upstream.target : NOWHERE;
  const tls = openTls(box, key, target.endpoint, options.tls);
  if (tls === null) faults.push(unreadableSecret('tls.key'));
  return {
    key,
    name: document.name,
    rules: {
      key,
      kind: document.kind,
      paths: document.paths,
      anonymous: document.anonymous,
      passwords: options.passwords,
      passSchemes: new Set(options.passSchemes.map((scheme) => scheme.toLowerCase())),
      challenge: options.challenge,
      nativeTokensDisabled: document.nativeTokensDisabled,
      remoteApiPasswords: document.remoteApiPasswords,
      readOnlyUpgrades: options.readOnlyUpgrades,
      needsDeposit: document.identity.mode === 'credential' && document.identity.perUser,
      exceptions: readable('readOnlyExceptions', document.readOnlyExceptions, compilePatterns, faults),
      tokenPaths: readable('tokenPaths', options.tokenPaths, compilePatterns, faults),
      blockedPaths: readable(
        'blockedPaths',
        options.blockedPaths,
        (patterns) => compileBlockedPaths([...productOf(document.kind).blockedPaths, ...patterns]),
        faults,
      ),
      acting: Acting.of(productOf(document.kind).actAs, actingIdentity(productOf(document.kind), document.identity)),
      cors: options.cors === null ? null : new Cors(options.cors),
    },
    pathPrefix: document.mount.pathPrefix,
    target,
    tls: tls ?? {},
    addresses: new AnswerAddresses(target, document.mount.pathPrefix),
    identity: protectIdentity(
      box,
      { application: key, endpoint: target.endpoint, bearer: productOf(document.kind).bearer },
      document.identity,
      faults,
    ),
    sessionParameters: compileSessionParameters(productOf(document.kind).session.parameters),
    credentialNames: new Set([
      'authorization',
      ...(productOf(document.kind).tokenPlaces?.headers ?? []),
      ...productOf(document.kind).actAs.headers,
    ]),
    options,
    fault: faults.length === 0 ? null : faults.join(' '),
    version: stored.revision,
  };
}

function readable<Compiled>(
  member: string,
  patterns: readonly PathPattern[],
  compile: (patterns: readonly PathPattern[]) => Compiled,
  faults: string[],
): Compiled {
  try {
    return compile(patterns);
  } catch (error) {
    faults.push(`A stored pattern of ${member} cannot be read: ${String(error)}`);
    return compile([]);
  }
}
