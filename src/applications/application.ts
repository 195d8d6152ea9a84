import { Cors, type ApplicationRules } from '@scopegate/access';
import { foldHeaderName } from '@scopegate/kernel';
import { productOf, type ApplicationKind } from '@scopegate/product';
import { compileBlockedPaths, compilePatterns, type PathPattern, type ReadOnlyException } from '@scopegate/path';
import {
  AnswerAddresses,
  compileSessionParameters,
  parseSecret,
  parseTemplate,
  parseUpstream,
  type CompiledTemplate,
  type IdentityEncoding,
  type IdentityTemplates,
  type SessionParameterRule,
  type UpstreamTarget,
} from '@scopegate/upstream';
import { optionsOf, type ApplicationOptions } from './application-options.js';
import { sealedName, type IdentityHeader } from './identity-header.js';
import type { Mount } from './mount.js';
import type { SecretBox } from './secret-box.js';
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
  readonly identity: {
    readonly mode: 'headers';
    readonly encoding: IdentityEncoding;
    readonly headers: readonly IdentityHeader[];
  };
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
  /** A fixed secret is a template without placeholders. */
  readonly identity: IdentityTemplates & {
    /** Folded. The gateway sets these, so the client's own are always dropped. */
    readonly names: ReadonlySet<string>;
  };
  /** Folded names of the lines in which a token is presented. They go upstream only without one. */
  readonly credentialNames: ReadonlySet<string>;
  /** Removes the product's session ids from answers to tokens (R11). */
  readonly sessionParameters: SessionParameterRule;
  readonly options: ApplicationOptions;
  /** An unreadable rule or secret, so every request is refused; null if all is well. */
  readonly fault: string | null;
  /** Rises with every change. */
  readonly version: number;
}

/**
 * R111: a fixed header value opens only in this context, and is sent only to its origin.
 * @param endpoint of the upstream
 */
function secretContext(key: string, headerName: string, endpoint: string): string {
  return `${key}\n${sealedName(headerName)}\n${endpoint}`;
}

export function sealSecret(box: SecretBox, key: string, headerName: string, endpoint: string, secret: string): string {
  return box.seal(secret, secretContext(key, headerName, endpoint));
}

/** Earlier versions sealed a secret without its origin. */
export interface OpenedSecret {
  readonly secret: string;
  readonly isBound: boolean;
}

/** Null if it belongs to another context. */
export function openSecret(
  box: SecretBox,
  key: string,
  header: { readonly name: string; readonly sealed: string },
  endpoint: string,
): OpenedSecret | null {
  const bound = box.open(header.sealed, secretContext(key, header.name, endpoint));
  if (bound !== null) return { secret: bound, isBound: true };
  const unbound = box.open(header.sealed, `${key}\n${sealedName(header.name)}`);
  return unbound === null ? null : { secret: unbound, isBound: false };
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
  const templates = document.identity.headers.map((header) => {
    const compiled = compileHeader(key, header, upstream.ok ? upstream.target.endpoint : '', box);
    if (!compiled.ok) faults.push(compiled.fault);
    return {
      name: header.name,
      template: compiled.ok ? compiled.template : [],
      isBasic: compiled.ok && compiled.isBasic,
    };
  });
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
      exceptions: readable('readOnlyExceptions', document.readOnlyExceptions, compilePatterns, faults),
      tokenPaths: readable('tokenPaths', options.tokenPaths, compilePatterns, faults),
      blockedPaths: readable(
        'blockedPaths',
        options.blockedPaths,
        (patterns) => compileBlockedPaths([...productOf(document.kind).blockedPaths, ...patterns]),
        faults,
      ),
      cors: options.cors === null ? null : new Cors(options.cors),
    },
    pathPrefix: document.mount.pathPrefix,
    target,
    tls: tls ?? {},
    addresses: new AnswerAddresses(target, document.mount.pathPrefix),
    identity: {
      encoding: document.identity.encoding,
      names: new Set(document.identity.headers.map((header) => foldHeaderName(header.name))),
      templates,
    },
    sessionParameters: compileSessionParameters(productOf(document.kind).session.parameters),
    credentialNames: new Set(['authorization', ...(productOf(document.kind).tokenPlaces?.headers ?? [])]),
    options,
    fault: faults.length === 0 ? null : faults.join(' '),
    version: stored.revision,
  };
}

function unreadableSecret(place: string): string {
  return (
    `The stored secret of ${place} cannot be decrypted: it was encrypted with another SCOPEGATE_ENCRYPTION_KEY, or its ` +
    'row was changed. Send the secret again.'
  );
}

type CompiledHeader =
  | { readonly ok: true; readonly template: CompiledTemplate; readonly isBasic: boolean }
  | { readonly ok: false; readonly fault: string };

function compileHeader(key: string, header: IdentityHeader, endpoint: string, box: SecretBox): CompiledHeader {
  if ('sealed' in header) {
    const opened = openSecret(box, key, header, endpoint);
    const secret = opened === null ? null : parseSecret(header.name, opened.secret);
    if (secret?.ok === true) return secret;
    return {
      ok: false,
      fault:
        secret === null
          ? unreadableSecret(`the header ${header.name}`)
          : `The stored secret of the header ${header.name} ${secret.message}.`,
    };
  }
  const parsing = parseTemplate(header.template);
  if (parsing.ok) return { ...parsing, isBasic: false };
  return { ok: false, fault: `The stored template of the header ${header.name} ${parsing.message}.` };
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
