import type { Brand } from '@scopegate/kernel';
import { userNameKey } from '@scopegate/token';
import {
  EVENT_FIELD_NAMES,
  EVENT_FIELDS,
  type AuditEvent,
  type EventColumns,
  type EventField,
} from './event-fields.js';
import { boundedText, storableDetail, storableInstant, storableInteger, storableText } from './storable.js';

/** An event as one line of JSON: an array, whose order is part of the format of journal, link and statement. */
export type EventContent = Brand<string, 'EventContent'>;

export type ContentField = keyof EventColumns;

const FIELDS = Object.entries<EventField>(EVENT_FIELDS) as readonly (readonly [keyof AuditEvent, EventField])[];

const FLAGS = EVENT_FIELD_NAMES.filter((name) => EVENT_FIELDS[name].kind === 'flag');

/** The outcome comes first in a content, so that a failure is found without parsing it. */
const FIELDS_IN_CONTENT = [
  ...FIELDS.filter(([name]) => name === 'outcome'),
  ...FIELDS.filter(([name, { kind }]) => name !== 'outcome' && kind !== 'flag'),
];

/** In the order of the content; a name is followed by its key. */
export const CONTENT_FIELDS = FIELDS_IN_CONTENT.flatMap(([name, { kind }]) =>
  kind === 'name' ? [name, `${name}Key`] : [name],
) as readonly ContentField[];

/** Fields after the detail were added later. They are left out of a content that has none of their values. */
const SHORTEST_CONTENT = CONTENT_FIELDS.indexOf('detail') + 1;

/**
 * Values are cut to fit their columns: no value from outside prevents storing, and the link covers what is stored. The
 * members of the detail are sorted, since a database may reorder them.
 */
export function encodeEvent(event: AuditEvent): EventContent {
  const content = contentOf(event, boundedText);
  // JSON escapes what a database would change (half of a surrogate pair, a NUL). That is rare.
  return content.includes('\\u') ? contentOf(event, storableText) : content;
}

function contentOf(event: AuditEvent, fit: typeof storableText): EventContent {
  const values: unknown[] = [];
  for (const [name, field] of FIELDS_IN_CONTENT) {
    const value = fittedValue(field, name === 'detail' ? storedDetail(event) : event[name], fit);
    values.push(value);
    if (field.kind === 'name') values.push(nameKeyOf(value as string | null));
  }
  while (values.length > SHORTEST_CONTENT && values.at(-1) === null) values.pop();
  return JSON.stringify(values) as EventContent;
}

/** Fits a value to its column. An event of another version may lack a required value. */
function fittedValue({ kind, length, empty }: EventField, given: unknown, fit: typeof storableText): unknown {
  const value = given as never;
  switch (kind) {
    case 'text':
    case 'name':
      return fit(value, length) ?? (empty === undefined ? '' : null);
    case 'integer':
      return storableInteger(value) ?? (empty === undefined ? 1 : null);
    case 'instant':
      return storableInstant(value);
    case 'detail':
      return inOrder(storableDetail(value));
    case 'flag':
      return value;
  }
}

function storedDetail(event: AuditEvent): AuditEvent['detail'] {
  let { detail } = event;
  for (const name of FLAGS) if (event[name] !== false) detail = Object.assign({}, detail, { [name]: event[name] });
  return detail;
}

export function eventOfColumns(columns: { readonly [Name in ContentField]?: unknown }): AuditEvent {
  const values: Partial<Record<string, unknown>> = columns;
  const event = Object.fromEntries(EVENT_FIELD_NAMES.map((name) => [name, values[name] ?? null]));
  for (const name of FLAGS) {
    const { [name]: value, ...others } = (event['detail'] ?? {}) as Record<string, unknown>;
    event[name] = value === true;
    if (value === true) event['detail'] = Object.keys(others).length === 0 ? null : others;
  }
  return event as unknown as AuditEvent;
}

/** The form of a name that the filters compare. */
export function nameKeyOf(name: string | null): string | null {
  return name === null ? null : storableText(userNameKey(name), EVENT_FIELDS.actor.length);
}

export function isFailure(content: EventContent): boolean {
  return content.startsWith('["failed"');
}

/** In the order of `CONTENT_FIELDS`; null for what an older version did not write. */
export function contentValues(content: EventContent): unknown[] {
  const values = JSON.parse(content) as unknown[];
  while (values.length < CONTENT_FIELDS.length) values.push(null);
  return values;
}

export function decodeEvent(content: EventContent): AuditEvent {
  const values = contentValues(content);
  return eventOfColumns(Object.fromEntries(CONTENT_FIELDS.map((name, index) => [name, values[index]])));
}

/** Sorts the members of every object. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([first], [second]) => (first < second ? -1 : 1))
      .map(([name, member]) => [name, inOrder(member)]),
  );
}
