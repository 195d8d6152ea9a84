import { MANAGEMENT_KEY } from '@scopegate/access';
import { isJsonObject } from '@scopegate/kernel';
import { kindsWith, productOf, type ApplicationKind } from '@scopegate/product';
import type { PathReading } from '@scopegate/path';
import type { FieldError } from '@scopegate/problem';
import { SCOPES } from '@scopegate/scope';
import { parseUpstream } from '@scopegate/upstream';
import { invalidField } from '../common/http/problem.exception.js';
import { applyMergePatch } from '../common/validation/merge-patch.js';
import {
  checkOptions,
  optionsOf,
  pathsOf,
  type ApplicationOptions,
  type EncodedSlashes,
} from './application-options.js';
import type { ApplicationDocument } from './application.js';
import {
  credentialHeaders,
  keptSecrets,
  patchedIdentity,
  readIdentity,
  withoutNulls,
  type AskedIdentity,
  type IdentityMembers,
} from './application-identity.js';
import { decideVersions, describeMissingVersion, knownVersion, type VersionFinding } from './application-version.js';
import { parseMount } from './mount.js';
import { nativeTokenSwitch } from './product-version.js';
import { readExceptions, type AskedExceptions } from './read-only-exceptions.js';
import { checkTls } from './upstream-tls.js';
import type { Note } from './member-check.js';

/** The types are checked, nothing else. */
export interface AskedApplication extends Partial<ApplicationOptions> {
  readonly key: string;
  readonly name?: string;
  readonly kind: ApplicationKind;
  readonly version?: string | null;
  readonly mount: { readonly pathPrefix?: string; readonly host?: string };
  readonly upstream: string;
  readonly anonymous?: 'allow' | 'deny';
  readonly identity?: IdentityMembers;
  readonly readOnlyExceptions?: AskedExceptions;
  readonly nativeTokensDisabled?: boolean;
  readonly remoteApiPasswords?: boolean;
  /** The earlier name of `paths`. */
  readonly encodedSlashes?: EncodedSlashes;
}

type CheckedAgainst = Pick<
  ApplicationDocument,
  'kind' | 'upstream' | 'version' | 'detectedVersion' | 'identity' | 'tls'
>;

/** Valid; new secrets are not encrypted yet. */
export type CheckedApplication = Omit<ApplicationDocument, 'identity'> & { readonly identity: AskedIdentity };

export type ApplicationCheck =
  | { readonly ok: true; readonly application: CheckedApplication }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** May be null in a merge patch: removes it. */
const NULLABLE = [
  'version',
  'cors',
  'tls',
  'tls.*',
  'mount.pathPrefix',
  'mount.host',
  'identity.headers.*',
  'chosen.*',
  'identity.accounts.*',
  // A credential is shown with null for the members that its type does not have.
  'identity.service.*',
  ...SCOPES.map((scope) => `identity.service.${scope}.*`),
];

/**
 * The key cannot change.
 * @throws a 400 if it is not a merge patch, or has a preset
 */
export function patchApplication(before: object, patch: unknown): object {
  if (isJsonObject(patch) && 'preset' in patch) {
    throw invalidField('preset', 'is only for a new application. Change the members themselves.');
  }
  const after = applyMergePatch(withoutOtherName(before, patch), patch, NULLABLE);
  const asked = isJsonObject(patch) ? patch['identity'] : undefined;
  return {
    ...after,
    mount: withoutNulls(after['mount']),
    identity: patchedIdentity('identity' in before ? before.identity : null, after['identity'], asked),
  };
}

/**
 * Checks what types cannot, and adds the defaults of the kind.
 * @param before null for a new application
 * @param finding the upstream's version; null if not asked, 'pending' if asked after this check
 */
export function checkApplication(
  asked: AskedApplication,
  before: CheckedAgainst | null,
  finding: VersionFinding | null | 'pending' = null,
): ApplicationCheck {
  const errors: FieldError[] = [];
  const note: Note = (field, message) => errors.push({ field, message: `${field} ${message}` });
  const { kind } = asked;
  const product = productOf(kind);
  const versions = decideVersions(asked, before, finding === 'pending' ? null : finding);
  if (before === null && asked.key === MANAGEMENT_KEY) {
    note('key', 'is reserved: in the applications of a token it means the management API. Choose another one.');
  }
  const mount = parseMount(asked.mount);
  if (!mount.ok) note(`mount.${mount.member}`, mount.message);
  const upstream = parseUpstream(asked.upstream);
  if (!upstream.ok) note('upstream', upstream.message);
  const identity = readIdentity(asked.identity ?? {}, before?.identity ?? null, errors);
  if (identity !== null) {
    for (const name of credentialHeaders(identity, product.bearer)) {
      note(`identity.headers.${name}`, 'is the header of the credential: leave it out');
    }
  }
  const isMoved = upstream.ok && before !== null && endpointOf(before.upstream) !== upstream.target.endpoint;
  if (isMoved && identity !== null) refuseStoredSecrets(keptSecrets(identity), note);
  const readOnlyExceptions = readExceptions(asked.readOnlyExceptions ?? [], kind, note);
  if (asked.nativeTokensDisabled === true && finding !== 'pending') {
    const problem = refuseNativeTokenSwitch(kind, knownVersion(versions), finding);
    if (problem !== null) note('nativeTokensDisabled', problem);
  }
  if (asked.remoteApiPasswords === true && !product.paths.remoteApi) {
    note('remoteApiPasswords', `exists only for ${kindsWith(({ paths }) => paths.remoteApi)}: leave it out`);
  }
  const paths = checkPaths(asked, note);
  const options = optionsOf({ ...asked, paths }, kind);
  const anonymous = asked.anonymous ?? product.anonymous;
  checkOptions(options, anonymous, note);
  if (identity?.mode === 'credential' && options.host === 'client' && mount.ok && mount.mount.host === null) {
    note('host', HOST_OF_CREDENTIALS);
  }
  checkTls(options.tls, isMoved ? null : (before?.tls ?? null), note);
  if (errors.length > 0 || !mount.ok || identity === null) return { ok: false, errors };
  return {
    ok: true,
    application: {
      name: asked.name ?? asked.key,
      kind,
      ...versions,
      mount: mount.mount,
      upstream: asked.upstream,
      anonymous,
      identity,
      readOnlyExceptions,
      nativeTokensDisabled: asked.nativeTokensDisabled ?? false,
      remoteApiPasswords: asked.remoteApiPasswords ?? false,
      ...options,
    },
  };
}

const HOST_OF_CREDENTIALS =
  'must not be "client" for an application that gets stored credentials: a client could choose the site that gets them. ' +
  'Mount the application at a host, or write its outer host name into "host"';

/** R48. */
function checkPaths(asked: AskedApplication, note: Note): PathReading | undefined {
  const paths = pathsOf(asked);
  if (paths === null) {
    note('encodedSlashes', 'contradicts "paths": leave it out, since it is the earlier name of the same member');
  } else if (paths === 'rfc3986' && productOf(asked.kind).paths.reading === 'tomcat') {
    const [field, value] = asked.paths === undefined ? ['encodedSlashes', 'reject'] : ['paths', 'tomcat'];
    note(field, `must be "${value}" for ${asked.kind}, because its server refuses encoded slashes too`);
  }
  return paths ?? undefined;
}

/** A stored secret is only for the origin it was given for (R111). */
function refuseStoredSecrets(kept: readonly string[], note: Note): void {
  if (kept.length === 0) return;
  note(
    'upstream',
    `has another origin, and the stored secrets belong to the old one: send the secret of ${kept.join(', ')} ` +
      'again in this call',
  );
}

/** R52: the first version with the switch depends on the product. */
function refuseNativeTokenSwitch(
  kind: ApplicationKind,
  version: string | null,
  finding: VersionFinding | null,
): string | null {
  const since = productOf(kind).nativeTokens?.since ?? '';
  switch (nativeTokenSwitch(kind, version)) {
    case 'available':
      return null;
    case 'no-such-product':
      return `exists only for ${kindsWith(({ nativeTokens }) => nativeTokens !== null)}: leave it out`;
    case 'version-unknown':
      return `exists for ${kind} from ${since} on, and ${describeMissingVersion(finding)}: set "version" by hand`;
    case 'version-too-old':
      return `exists for ${kind} from ${since} on, and this version is ${version}`;
  }
}

function endpointOf(upstream: string): string | null {
  const parsed = parseUpstream(upstream);
  return parsed.ok ? parsed.target.endpoint : null;
}

/** `paths` and `encodedSlashes` are one member: a patch of one replaces both. */
function withoutOtherName(before: object, patch: unknown): Record<string, unknown> {
  const members: Record<string, unknown> = { ...before };
  if (isJsonObject(patch) && 'paths' in patch !== 'encodedSlashes' in patch) {
    delete members['paths' in patch ? 'encodedSlashes' : 'paths'];
  }
  return members;
}
