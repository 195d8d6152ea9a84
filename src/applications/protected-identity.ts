import { foldHeaderName } from '@scopegate/kernel';
import type { Scope } from '@scopegate/scope';
import { userNameKey } from '@scopegate/token';
import {
  parseSecret,
  parseTemplate,
  type BearerLine,
  type CompiledTemplate,
  type IdentityTemplates,
} from '@scopegate/upstream';
import type { ApplicationIdentity } from './application-identity.js';
import { DEFAULT_IDENTITY_HEADERS, openSecret, type IdentityHeader } from './identity-header.js';
import type { SecretBox } from '../keys/secret-box.js';
import { serviceHeader, serviceLine, type SealedService } from './service-credential.js';

/** Where the lines of a request that say who the user is come from, besides the templates. */
export type IdentitySource =
  | { readonly kind: 'templates' }
  /** A signed assertion about the request (R72). */
  | { readonly kind: 'assertion'; readonly header: string; readonly audience: string }
  /** What the user has deposited (R68). */
  | {
      readonly kind: 'deposit';
      readonly bearer: BearerLine;
      /** Accounts of the upstream that differ, by `userNameKey`. */
      readonly accounts: ReadonlyMap<string, string>;
    }
  /** The credential of a service account (R71). */
  | {
      readonly kind: 'service';
      /** Header names and values in turns. */
      readonly lines: Readonly<Record<Scope, readonly string[]>>;
    };

/** Prepared for the hot path. A fixed secret is a template without placeholders. */
export interface ProtectedIdentity extends IdentityTemplates {
  /** As they are written. The gateway sets these, so the client's own are always dropped. */
  readonly headers: readonly string[];
  /** The same, folded. */
  readonly names: ReadonlySet<string>;
  readonly source: IdentitySource;
}

/** Of one application. */
export interface IdentityPlace {
  readonly application: string;
  /** Of the upstream. */
  readonly endpoint: string;
  readonly bearer: BearerLine;
}

/** @param faults gets an entry for each part that cannot be read */
export function protectIdentity(
  box: SecretBox,
  place: IdentityPlace,
  identity: ApplicationIdentity,
  faults: string[],
): ProtectedIdentity {
  const templates = identity.headers.map((header) => {
    const compiled = compileHeader(box, place, header);
    if (!compiled.ok) faults.push(compiled.fault);
    return {
      name: header.name,
      template: compiled.ok ? compiled.template : [],
      isBasic: compiled.ok && compiled.isBasic,
    };
  });
  const headers = [...identity.headers.map(({ name }) => name), ...sourceNames(place, identity)];
  return {
    encoding: identity.encoding,
    templates,
    headers,
    names: new Set(headers.map(foldHeaderName)),
    source: sourceOf(box, place, identity, faults),
  };
}

/** The application may still trust the header of an earlier mode. */
const DEFAULT_NAMES: readonly string[] = Object.keys(DEFAULT_IDENTITY_HEADERS);

/**
 * The headers of the source. Authorization of a credential is not one of them: without a token, the client's own goes
 * upstream.
 */
function sourceNames({ bearer }: IdentityPlace, identity: ApplicationIdentity): readonly string[] {
  switch (identity.mode) {
    case 'headers':
      return [];
    case 'jwt':
      return [...DEFAULT_NAMES, identity.header];
    case 'credential': {
      const services = identity.perUser ? [] : identity.services.map((service) => serviceHeader(service, bearer));
      const names = [bearer.header, ...services].filter((name) => foldHeaderName(name) !== 'authorization');
      return [...DEFAULT_NAMES, ...names];
    }
  }
}

function sourceOf(
  box: SecretBox,
  place: IdentityPlace,
  identity: ApplicationIdentity,
  faults: string[],
): IdentitySource {
  switch (identity.mode) {
    case 'headers':
      return { kind: 'templates' };
    case 'jwt':
      return { kind: 'assertion', header: identity.header, audience: identity.audience };
    case 'credential':
      if (identity.perUser) {
        const accounts = Object.entries(identity.accounts).map(
          ([name, account]) => [userNameKey(name), account] as const,
        );
        return { kind: 'deposit', bearer: place.bearer, accounts: new Map(accounts) };
      }
      return { kind: 'service', lines: serviceLines(box, place, identity.services, faults) };
  }
}

function serviceLines(
  box: SecretBox,
  { application, endpoint, bearer }: IdentityPlace,
  services: readonly SealedService[],
  faults: string[],
): Readonly<Record<Scope, readonly string[]>> {
  const linesOf = (scope: Scope): readonly string[] => {
    const service = services.find((candidate) => candidate.scope === scope || candidate.scope === null);
    const line = service === undefined ? null : serviceLine(box, application, endpoint, service, bearer);
    if (line === null) faults.push(unreadableSecret('identity.service'));
    return line ?? [];
  };
  return { 'read-only': linesOf('read-only'), 'read-write': linesOf('read-write') };
}

export function unreadableSecret(place: string): string {
  return (
    `The stored secret of ${place} cannot be decrypted: it was encrypted with another SCOPEGATE_ENCRYPTION_KEY, or its ` +
    'row was changed. Send the secret again.'
  );
}

type CompiledHeader =
  | { readonly ok: true; readonly template: CompiledTemplate; readonly isBasic: boolean }
  | { readonly ok: false; readonly fault: string };

function compileHeader(
  box: SecretBox,
  { application, endpoint }: IdentityPlace,
  header: IdentityHeader,
): CompiledHeader {
  if ('sealed' in header) {
    const opened = openSecret(box, application, header, endpoint);
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
