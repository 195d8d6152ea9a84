import { foldHeaderName, isJsonObject } from '@scopegate/kernel';
import type { FieldError } from '@scopegate/problem';
import { userNameKey } from '@scopegate/token';
import {
  DEFAULT_IDENTITY_ENCODING,
  isIdentityHeaderName,
  type BearerLine,
  type IdentityEncoding,
} from '@scopegate/upstream';
import {
  DEFAULT_IDENTITY_HEADERS,
  openSecret,
  readIdentityHeaders,
  SECRET_MASK,
  sealSecret,
  type AskedIdentityHeader,
  type IdentityHeader,
} from './identity-header.js';
import type { SecretBox } from '../keys/secret-box.js';
import {
  readServices,
  sealService,
  serviceHeader,
  shownServices,
  type AskedService,
  type SealedService,
} from './service-credential.js';
import { present, type Note } from './member-check.js';

export const IDENTITY_MODES = ['headers', 'jwt', 'credential'] as const;

export type IdentityMode = (typeof IDENTITY_MODES)[number];

/** How the upstream gets the user. Modes without headers have none. */
type IdentityOf<Header, Service> = {
  readonly encoding: IdentityEncoding;
  readonly headers: readonly Header[];
} & (
  | { readonly mode: 'headers' }
  | {
      readonly mode: 'jwt';
      /** Carries the assertion; in Authorization as a Bearer token. */
      readonly header: string;
      /** The claim `aud` (RFC 7519 4.1.3). */
      readonly audience: string;
    }
  | {
      readonly mode: 'credential';
      /** Each user stores a credential of the upstream's own. */
      readonly perUser: true;
      /** Accounts of the upstream whose names differ, by user name. */
      readonly accounts: Readonly<Record<string, string>>;
    }
  | { readonly mode: 'credential'; readonly perUser: false; readonly services: readonly Service[] }
);

/** As stored. */
export type ApplicationIdentity = IdentityOf<IdentityHeader, SealedService>;

/** Valid; new secrets are not encrypted yet. */
export type AskedIdentity = IdentityOf<AskedIdentityHeader, AskedService>;

/** As a client sends and reads it. The types are checked, nothing else. */
export interface IdentityMembers {
  readonly mode?: string;
  readonly encoding?: IdentityEncoding;
  readonly headers?: object;
  readonly header?: string;
  readonly audience?: string;
  readonly perUser?: boolean;
  readonly accounts?: object;
  readonly service?: object;
}

/** The mode, and whose credential it is. */
type IdentityForm = 'headers' | 'jwt' | 'deposit' | 'service';

const MEMBERS = {
  headers: ['encoding', 'headers'],
  jwt: ['header', 'audience'],
  deposit: ['perUser', 'accounts'],
  service: ['perUser', 'service', 'encoding', 'headers'],
} as const satisfies Readonly<Record<IdentityForm, readonly (keyof IdentityMembers)[]>>;

export const DEFAULT_ASSERTION_HEADER = 'X-Scopegate-Assertion';

/** As for a host name or an address. */
const MAX_AUDIENCE_LENGTH = 255;

const MAX_ACCOUNTS = 1_000;
const ACCOUNT = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/**
 * @param stored the current identity, for kept secrets
 * @param errors gets an entry for each invalid member
 * @returns null if it is invalid
 */
export function readIdentity(
  asked: IdentityMembers,
  stored: ApplicationIdentity | null,
  errors: FieldError[],
): AskedIdentity | null {
  const before = errors.length;
  const note: Note = (field, message) => errors.push({ field, message: `${field} ${message}` });
  const form = askedForm(asked, note);
  if (form === null) return null;
  const members: readonly string[] = MEMBERS[form];
  for (const [name, value] of Object.entries(asked)) {
    if (name !== 'mode' && value !== undefined && !members.includes(name)) {
      note(`identity.${name}`, 'does not belong to this mode: leave it out');
    }
  }
  const identity = {
    encoding: asked.encoding ?? DEFAULT_IDENTITY_ENCODING,
    headers: readIdentityHeaders(
      asked.headers ?? (form === 'headers' ? DEFAULT_IDENTITY_HEADERS : {}),
      stored?.headers ?? [],
      errors,
    ),
    ...readMode(form, asked, stored, note),
  };
  return errors.length > before ? null : identity;
}

function askedForm({ mode = 'headers', perUser }: IdentityMembers, note: Note): IdentityForm | null {
  switch (mode) {
    case 'headers':
    case 'jwt':
      return mode;
    case 'credential':
      if (perUser !== undefined) return perUser ? 'deposit' : 'service';
      note('identity.perUser', 'must be true (each user stores a credential) or false (one service account)');
      return null;
    default:
      note('identity.mode', `must be one of ${IDENTITY_MODES.join(', ')}`);
      return null;
  }
}

function readMode(form: IdentityForm, asked: IdentityMembers, stored: ApplicationIdentity | null, note: Note) {
  switch (form) {
    case 'headers':
      return { mode: 'headers' } as const;
    case 'jwt':
      return { mode: 'jwt', ...readAssertion(asked, note) } as const;
    case 'deposit':
      return { mode: 'credential', perUser: true, accounts: readAccounts(asked.accounts ?? {}, note) } as const;
    case 'service': {
      const kept = stored?.mode === 'credential' && !stored.perUser ? stored.services : [];
      return { mode: 'credential', perUser: false, services: readServices(asked.service, kept, note) } as const;
    }
  }
}

function readAssertion(
  { header = DEFAULT_ASSERTION_HEADER, audience = '' }: IdentityMembers,
  note: Note,
): { readonly header: string; readonly audience: string } {
  if (!isIdentityHeaderName(header)) note('identity.header', 'must be the name of a header that can carry an identity');
  if (!/^[\x21-\x7e]+$/.test(audience) || audience.length > MAX_AUDIENCE_LENGTH) {
    note(
      'identity.audience',
      `must be 1 to ${MAX_AUDIENCE_LENGTH} printable ASCII characters without blanks: the name by which the ` +
        'application recognises that an assertion is for it',
    );
  }
  return { header, audience };
}

function readAccounts(asked: object, note: Note): Readonly<Record<string, string>> {
  const entries = Object.entries(asked) as [string, unknown][];
  if (entries.length > MAX_ACCOUNTS) note('identity.accounts', `must have at most ${MAX_ACCOUNTS} users`);
  const names = new Set<string>();
  for (const [username, account] of entries.slice(0, MAX_ACCOUNTS)) {
    const field = `identity.accounts.${username.slice(0, 128)}`;
    if (!ACCOUNT.test(username) || typeof account !== 'string' || !ACCOUNT.test(account)) {
      note(field, 'must be a user name with the name of an account, each of 1 to 255 characters');
    } else if (names.has(userNameKey(username))) {
      note(field, 'is given twice: user names are compared without case');
    }
    names.add(userNameKey(username));
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/**
 * With another mode, or with `perUser` changed, the patch is the whole identity. `headers` and `service` are replaced
 * as a whole: what is left out is removed, with its secret (R111).
 * @param merged a merge of both by RFC 7396
 */
export function patchedIdentity(before: unknown, merged: unknown, patch: unknown): unknown {
  if (!isJsonObject(before) || !isJsonObject(merged)) return merged;
  const changed = isJsonObject(patch) ? patch : {};
  const isOther = ['mode', 'perUser'].some((name) => name in changed && changed[name] !== before[name]);
  const members: Readonly<Record<string, unknown>> = isOther
    ? { mode: before['mode'], ...changed }
    : { ...merged, ...present({ headers: changed['headers'], service: changed['service'] }) };
  return {
    ...members,
    ...present({ headers: withoutNulls(members['headers']), accounts: withoutNulls(members['accounts']) }),
  };
}

export function withoutNulls(value: unknown): unknown {
  return isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
    : value;
}

/** Names of what keeps a stored secret. */
export function keptSecrets(identity: AskedIdentity): readonly string[] {
  const services = 'services' in identity ? identity.services : [];
  return [
    ...identity.headers.filter((header) => 'sealed' in header).map(({ name }) => name),
    ...services
      .filter((service) => 'sealed' in service)
      .map(({ scope }) => `identity.service${scope === null ? '' : `.${scope}`}`),
  ];
}

/** Names of headers that would also carry the credential of the service account. */
export function credentialHeaders(identity: AskedIdentity, bearer: BearerLine): readonly string[] {
  if (!('services' in identity)) return [];
  const carrying = new Set(identity.services.map((service) => serviceHeader(service, bearer)));
  return identity.headers.map(({ name }) => name).filter((name) => carrying.has(foldHeaderName(name)));
}

/** For storage. @param endpoint of the upstream */
export function sealIdentity(
  box: SecretBox,
  application: string,
  endpoint: string,
  asked: AskedIdentity,
): ApplicationIdentity {
  const headers = asked.headers.map((header): IdentityHeader => {
    if ('template' in header) return header;
    const { name } = header;
    if ('secret' in header) {
      const { secret, ...kept } = header;
      return { ...kept, sealed: sealSecret(box, application, name, endpoint, secret) };
    }
    // The next save binds a secret of an earlier version to its origin.
    const opened = openSecret(box, application, header, endpoint);
    const isOld = opened !== null && !opened.isBound;
    return isOld ? { ...header, sealed: sealSecret(box, application, name, endpoint, opened.secret) } : header;
  });
  if (!('services' in asked)) return { ...asked, headers };
  return {
    ...asked,
    headers,
    services: asked.services.map((service) => sealService(box, application, endpoint, service)),
  };
}

/** For answers of the management API: the members of the mode, and no secret. */
export function shownIdentity(identity: ApplicationIdentity): IdentityMembers & { readonly mode: IdentityMode } {
  const { encoding } = identity;
  const headers = Object.fromEntries(
    identity.headers.map((header) => [header.name, 'template' in header ? header.template : { secret: SECRET_MASK }]),
  );
  if (identity.mode === 'headers') return { mode: identity.mode, encoding, headers };
  if (identity.mode === 'jwt') return { mode: identity.mode, header: identity.header, audience: identity.audience };
  const { mode, perUser } = identity;
  if (perUser) return { mode, perUser, accounts: { ...identity.accounts } };
  return { mode, perUser, service: shownServices(identity.services), encoding, headers };
}
