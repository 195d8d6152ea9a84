import {
  bodyKindOf,
  isEncodedBody,
  isJsonObject,
  readStrictJson,
  topLevelNames,
  type HeaderLines,
} from '@scopegate/kernel';
import { APPLICATION_KINDS, productOf, type ApplicationKind } from '@scopegate/product';
import { foldFieldName, markedParameters, nameMark } from '@scopegate/scope';
import { deny, type Allow, type Deny } from './decision.js';
import type { ApplicationRules } from './facts.js';

/** What a product reads beside the credential of a request, and prefers to it. */
interface IdentityFields {
  readonly names: ReadonlySet<string>;
  /** Finds them in a query or a form. */
  readonly mark: RegExp;
}

function fieldsOf(names: readonly string[]): IdentityFields | null {
  return names.length === 0 ? null : { names: new Set(names), mark: nameMark(...names) };
}

const FIELDS = new Map(
  APPLICATION_KINDS.map((kind) => {
    const { users, credentials } = productOf(kind).actAs;
    return [kind, { all: fieldsOf([...users, ...credentials]), ofUser: fieldsOf(users) }] as const;
  }),
);

/** No honest program sends so many fields with these names: they are sent to make the search slow (R112). */
const MAX_MARKED_FIELDS = 100;

function fieldIn(text: string, fields: IdentityFields | null): string | null {
  if (fields === null) return null;
  let marked = 0;
  for (const { name } of markedParameters(text, fields.mark)) {
    marked += 1;
    if (fields.names.has(name) || marked > MAX_MARKED_FIELDS) return name;
  }
  return null;
}

/**
 * The field of a query or a form that names another user, or holds another credential (R67); null: there is none.
 * @param text the raw query without its `?`, or a form, one character a byte
 */
export function identityField(kind: ApplicationKind, text: string): string | null {
  return fieldIn(text, FIELDS.get(kind)?.all ?? null);
}

/** As the sentence in the answer. @param place of the field */
export function identityFieldDetail(place: string): string {
  return `The ${place} would act as another user or with another credential than the token’s. Leave it out.`;
}

/** More of a body is not searched, and not forwarded either. */
export const MAX_IDENTITY_BODY_BYTES = 1_048_576;

/** R71: a service account that acts for users would act for the one whom a body names. */
export function needsIdentityBody({ authenticated: { admitted, token } }: Allow): boolean {
  const { application, request } = admitted;
  if (token === null || application?.actsForUsers !== true || !request.head.announcesBody) return false;
  return bodyKindOf(request.head.lines) !== 'other' && FIELDS.get(application.kind)?.ofUser !== null;
}

export function judgeIdentityBody(allow: Allow, body: Buffer): Allow | Deny {
  const { admitted, token } = allow.authenticated;
  const { application, request } = admitted;
  if (application === null) return allow;
  const detail = problemOf(application, request.head.lines, body);
  return detail === null ? allow : deny('credential_ambiguous', admitted, { token, detail });
}

const UNREADABLE =
  'The gateway cannot search this body for another user to act as. Send JSON in UTF-8 or a form, uncompressed, with ' +
  'each name once.';

function problemOf({ kind }: ApplicationRules, lines: HeaderLines, body: Buffer): string | null {
  const fields = FIELDS.get(kind)?.ofUser ?? null;
  if (fields === null || body.length === 0) return null;
  const bodyKind = bodyKindOf(lines);
  if (bodyKind === 'multipart' || isEncodedBody(lines)) return UNREADABLE;
  const json = bodyKind === 'form' ? null : readStrictJson(body);
  if (bodyKind === 'json' && json === null) return UNREADABLE;
  // Without a type, some upstreams read a form, others JSON.
  const field = bodyKind === 'json' ? null : fieldIn(body.toString('latin1'), fields);
  const member =
    json === null || !isJsonObject(json.value)
      ? undefined
      : topLevelNames(json.text).find((name) => fields.names.has(foldFieldName(name.normalize('NFKC'))));
  if (field === null && member === undefined) return null;
  return identityFieldDetail(`field ${field ?? foldFieldName(member ?? '')} of the body`);
}
