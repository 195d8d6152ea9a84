import type { CredentialKind, Door } from '@scopegate/access';
import type { AuditEventType, AuditOutcome } from './event-types.js';

type FieldKind = 'text' | 'name' | 'integer' | 'instant' | 'flag' | 'detail';

interface Field<Kind extends FieldKind, Value> {
  /** `name`: a text with a second column for filters without case. `flag`: only in the detail, while true. */
  readonly kind: Kind;
  /** The column's length in characters; 0 except for texts. */
  readonly length: number;
  /** The default value. A required field has none. */
  readonly empty?: Value;
}

interface OptionalField<Kind extends FieldKind, Value> extends Field<Kind, Value> {
  readonly empty: Value;
}

export type EventField = Field<FieldKind, unknown>;

function required<Value>(kind: 'text' | 'integer' | 'instant', length = 0): Field<typeof kind, Value> {
  return { kind, length };
}

function text<Value extends string = string>(length: number): OptionalField<'text', Value | null> {
  return { kind: 'text', length, empty: null };
}

function name(length: number): OptionalField<'name', string | null> {
  return { kind: 'name', length, empty: null };
}

function integer(): OptionalField<'integer', number | null> {
  return { kind: 'integer', length: 0, empty: null };
}

function flag(): OptionalField<'flag', boolean> {
  return { kind: 'flag', length: 0, empty: false };
}

function detail(): OptionalField<'detail', Readonly<Record<string, unknown>> | null> {
  return { kind: 'detail', length: 0, empty: null };
}

/**
 * All fields of an audit event, in the order of the API and the exports. The type, the table, its mapper, the CSV and
 * the DTO follow from this list. The links of all stored events cover these columns (`CONTENT_FIELDS`). So that older
 * links stay valid, add a field only as a `flag`, as a member of `detail`, or at the end with null as its empty value.
 */
export const EVENT_FIELDS = {
  /** Time-ordered and unique: a replay stores nothing twice. */
  id: required<string>('text', 26),
  /** Milliseconds since the epoch. */
  atMs: required<number>('instant'),
  /** How many identical failures this event counts. */
  count: required<number>('integer'),
  type: required<AuditEventType>('text', 40),
  outcome: required<AuditOutcome>('text', 10),
  /** The token allowed the request, and the upstream refused it with 401 or 403. */
  upstreamRefused: flag(),
  /** The true reason; the client may have got a general one. */
  code: text(40),
  /** The presented name, or the owner once the secret has matched. */
  actor: name(255),
  owner: name(255),
  tokenId: text(12),
  tokenDescription: text(255),
  tokenScope: text(12),
  credential: text<CredentialKind>(16),
  clientIp: text(45),
  peer: text(64),
  method: text(32),
  /** The canonical path below the mount, without the query. */
  path: text(2048),
  application: text(64),
  status: integer(),
  /** Milliseconds until the head of the answer. */
  durationMs: integer(),
  userAgent: text(512),
  requestId: text(64),
  /** For changes: what changed. For other events: further facts. */
  detail: detail(),
  /** How the decision was asked for (R91); null at the management API, for changes, and in older events. */
  door: text<Door>(16),
} as const;

type Fields = typeof EVENT_FIELDS;

type EventFieldName = keyof Fields;

type ValueOf<Name extends EventFieldName> = Fields[Name] extends Field<FieldKind, infer Value> ? Value : never;

type NameOf<Kind extends FieldKind> = {
  [Name in EventFieldName]: Fields[Name]['kind'] extends Kind ? Name : never;
}[EventFieldName];

type OptionalName = {
  [Name in EventFieldName]: Fields[Name] extends { readonly empty: unknown } ? Name : never;
}[EventFieldName];

type FlagName = NameOf<'flag'>;

/** A request or a change (R55, R59), without secrets, passwords, cookies or Authorization values (R61). */
export type AuditEvent = { readonly [Name in EventFieldName]: ValueOf<Name> };

export type EventColumns = Omit<AuditEvent, FlagName> & {
  readonly [Key in `${NameOf<'name'>}Key`]: string | null;
};

export const EVENT_FIELD_NAMES = Object.keys(EVENT_FIELDS) as readonly EventFieldName[];

export const EMPTY_EVENT = Object.fromEntries(
  Object.entries<EventField>(EVENT_FIELDS).flatMap(([field, { empty }]) =>
    empty === undefined ? [] : [[field, empty]],
  ),
) as Pick<AuditEvent, OptionalName>;
