import { foldHeaderName, isJsonObject } from '@scopegate/kernel';
import { isScope, SCOPES, type Scope } from '@scopegate/scope';
import {
  CREDENTIAL_TYPES,
  credentialLine,
  credentialSecretProblem,
  credentialUserProblem,
  isIdentityHeaderName,
  secretHint,
  type BearerLine,
  type CredentialForm,
  type CredentialType,
} from '@scopegate/upstream';
import { SECRET_MASK } from './identity-header.js';
import type { SecretBox } from '../keys/secret-box.js';
import type { Note } from './member-check.js';

/** Of a service account at the upstream (R71). */
interface ServiceForm extends CredentialForm {
  /** Of the tokens whose requests it is for; null: every scope. */
  readonly scope: Scope | null;
}

/** As stored. */
export type SealedService = ServiceForm & { readonly sealed: string; readonly hint: string };

/** As sent by a client: a new secret is still plain text. */
export type AskedService = SealedService | (ServiceForm & { readonly secret: string });

/** As shown: never the secret. */
export interface ShownService {
  readonly type: CredentialType;
  readonly username: string | null;
  /** Only of the type `header`. */
  readonly header?: string;
  readonly hint: string;
}

const FIELD = 'identity.service';

/**
 * One credential for every scope, or one for each.
 * @param stored the current ones, for kept secrets
 * @param note called with a field and a message that follows its name
 */
export function readServices(asked: unknown, stored: readonly SealedService[], note: Note): readonly AskedService[] {
  const members = isJsonObject(asked) ? asked : {};
  const scopes: readonly (Scope | null)[] = Object.keys(members).some(isScope) ? SCOPES : [null];
  const unknown = scopes.length === 1 ? [] : Object.keys(members).filter((name) => !isScope(name));
  if (Object.keys(members).length === 0 || unknown.length > 0) {
    note(
      FIELD,
      'must be a credential such as {"type": "bearer", "secret": "…"}, or an object with one for each of ' +
        SCOPES.map((scope) => `"${scope}"`).join(' and '),
    );
    return [];
  }
  return scopes.flatMap((scope) => {
    const field = scope === null ? FIELD : `${FIELD}.${scope}`;
    const value = scope === null ? members : members[scope];
    const read = readService(value, scope, stored, (member, message) =>
      note(member === null ? field : `${field}.${member}`, message),
    );
    return read === null ? [] : [read];
  });
}

const MEMBERS: ReadonlySet<string> = new Set(['type', 'username', 'header', 'secret', 'hint']);

/** @param note called with a member, or null for the whole */
function readService(
  asked: unknown,
  scope: Scope | null,
  stored: readonly SealedService[],
  note: (member: string | null, message: string) => void,
): AskedService | null {
  if (!isJsonObject(asked) || Object.keys(asked).some((name) => !MEMBERS.has(name))) {
    note(null, 'must be an object with "type", "secret", and for some types "username" or "header"');
    return null;
  }
  const { username = null, header = null, secret } = asked;
  const type = CREDENTIAL_TYPES.find((known) => known === asked['type']);
  if (type === undefined) {
    note('type', `must be one of ${CREDENTIAL_TYPES.join(', ')}`);
    return null;
  }
  const problems = [
    memberProblem('username', username, type === 'basic', credentialUserProblem),
    memberProblem('header', header, type === 'header', headerProblem),
  ].filter((problem) => problem !== null);
  for (const { member, message } of problems) note(member, message);
  if (problems.length > 0) return null;
  const form = { scope, type, username: username as string | null, header: header as string | null };
  if (secret === undefined || secret === SECRET_MASK) {
    const kept = stored.find((service) => isSameForm(service, form));
    if (kept === undefined) note('secret', 'is missing: no secret is stored for this type, user and header');
    return kept ?? null;
  }
  const problem = typeof secret === 'string' ? credentialSecretProblem(type, secret) : 'must be a text';
  if (problem !== null) note('secret', problem);
  return problem === null ? { ...form, secret: secret as string } : null;
}

function memberProblem(
  member: string,
  value: unknown,
  isNeeded: boolean,
  problemOf: (text: string) => string | null,
): { readonly member: string; readonly message: string } | null {
  if (!isNeeded) return value === null ? null : { member, message: 'does not belong to this type: leave it out' };
  const message = typeof value === 'string' ? problemOf(value) : 'is missing';
  return message === null ? null : { member, message };
}

function headerProblem(name: string): string | null {
  return isIdentityHeaderName(name) ? null : 'must be the name of a header that can carry a credential';
}

function isSameForm(left: ServiceForm, right: ServiceForm): boolean {
  return (
    left.scope === right.scope &&
    left.type === right.type &&
    left.username === right.username &&
    left.header === right.header
  );
}

/** R111: opens only for this application and origin. No header has such a name. */
export function serviceContext(application: string, { scope }: Pick<ServiceForm, 'scope'>, endpoint: string): string {
  return `${application}\nservice/${scope ?? 'any'}\n${endpoint}`;
}

/** For storage. @param endpoint of the upstream */
export function sealService(box: SecretBox, application: string, endpoint: string, asked: AskedService): SealedService {
  if ('sealed' in asked) return asked;
  const { secret, ...form } = asked;
  return { ...form, sealed: box.seal(secret, serviceContext(application, form, endpoint)), hint: secretHint(secret) };
}

/** Header names and values in turns; null if the secret cannot be decrypted. */
export function serviceLine(
  box: SecretBox,
  application: string,
  endpoint: string,
  service: SealedService,
  bearer: BearerLine,
): readonly string[] | null {
  const secret = box.open(service.sealed, serviceContext(application, service, endpoint));
  return secret === null ? null : credentialLine(service, secret, bearer);
}

/** The header that carries it, folded. */
export function serviceHeader(service: CredentialForm, bearer: BearerLine): string {
  return foldHeaderName(credentialLine(service, '', bearer)[0]);
}

/** For answers of the management API. */
export function shownServices(services: readonly SealedService[]): ShownService | Record<Scope, ShownService> {
  const shown = services.map(({ scope, type, username, header, hint }) => ({
    scope: scope ?? 'any',
    value: { type, username, ...(header === null ? {} : { header }), hint },
  }));
  const byScope = Object.fromEntries(shown.map(({ scope, value }) => [scope, value]));
  return (byScope['any'] ?? byScope) as ShownService | Record<Scope, ShownService>;
}
