import type { CredentialKind } from '@scopegate/access';
import type { AuditEventType, AuditOutcome } from './event-types.js';

type FieldKind = 'text' | 'name' | 'integer' | 'instant' | 'flag' | 'detail';

/** A field of an audit event: what it holds, and how it is stored. */
interface Field<Kind extends FieldKind, Value> {
  /**
   * `name` is a text with a second column, in which the filters find it without case. A `flag` has no column: it is a
   * member of the stored detail while it is true.
   */
  readonly kind: Kind;
  /** The longest text that the column takes, in characters; 0 for everything but texts. */
  readonly length: number;
  /** The value in an event that says nothing about this field. A required field has none. */
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
 * Every field of an audit event, in the order of the API and the exports. The type, the content, the table, its mapper,
 * the CSV and the DTO follow from this list, or do not compile without it.
 *
 * The columns are a closed list: they are what the links of all stored events cover (`CONTENT_FIELDS`). A new field is a
 * `flag`, or a member of `detail`, so that the links of older events stay as they are.
 */
export const EVENT_FIELDS = {
  /** Time-ordered and unique: a replay stores nothing twice. */
  id: required<string>('text', 26),
  /** Milliseconds since the epoch. */
  atMs: required<number>('instant'),
  /** How many identical failures this event stands for. */
  count: required<number>('integer'),
  type: required<AuditEventType>('text', 40),
  outcome: required<AuditOutcome>('text', 10),
  /** Whether the request was allowed by its token and then refused by the upstream itself, with 401 or 403. */
  upstreamRefused: flag(),
  /** The true reason; the client may have been given a general one. */
  code: text(40),
  /** Who acted: the name presented, or the owner once the secret has matched. */
  actor: name(255),
  /** The owner of the token. */
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
  /** What changed, for changes; what else is known, for other events. */
  detail: detail(),
} as const;

type Fields = typeof EVENT_FIELDS;

type EventFieldName = keyof Fields;

type ValueOf<Name extends EventFieldName> = Fields[Name] extends Field<FieldKind, infer Value> ? Value : never;

/** The names of the fields of a kind. */
type NameOf<Kind extends FieldKind> = {
  [Name in EventFieldName]: Fields[Name]['kind'] extends Kind ? Name : never;
}[EventFieldName];

type OptionalName = {
  [Name in EventFieldName]: Fields[Name] extends { readonly empty: unknown } ? Name : never;
}[EventFieldName];

type FlagName = NameOf<'flag'>;

/** What is recorded of a request or a change (R55, R59). No secret, password, cookie or Authorization value (R61). */
export type AuditEvent = { readonly [Name in EventFieldName]: ValueOf<Name> };

/** An event as its columns hold it. */
export type EventColumns = Omit<AuditEvent, FlagName> & {
  readonly [Key in `${NameOf<'name'>}Key`]: string | null;
};

/** The names of all fields, in the order of the API. */
export const EVENT_FIELD_NAMES = Object.keys(EVENT_FIELDS) as readonly EventFieldName[];

/** An event that says nothing but what every event has to say. */
export const EMPTY_EVENT = Object.fromEntries(
  Object.entries<EventField>(EVENT_FIELDS).flatMap(([field, { empty }]) =>
    empty === undefined ? [] : [[field, empty]],
  ),
) as Pick<AuditEvent, OptionalName>;
