import {
  bodyKindOf,
  isEncodedBody,
  isJsonObject,
  readStrictJson,
  topLevelNames,
  type HeaderLines,
} from '@scopegate/kernel';
import { appendMethod, appendMethodOfField, isOverrideField, OVERRIDE_FIELD_MARK } from './method-override.js';
import { foldFieldName, markedParameters } from './query-parameter.js';

/** `unreadable` if two readers could disagree. */
export type BodyOverrides = readonly string[] | 'unreadable';

/** The largest body of a read-only token's request that counts as a read through an exception. */
export const MAX_OVERRIDE_BODY_BYTES = 1_048_576;

/** R12: forms, JSON, and bodies without a type, which some upstreams take for a form. */
export function mayOverrideInBody(lines: HeaderLines): boolean {
  const kind = bodyKindOf(lines);
  return kind === 'form' || kind === 'json' || kind === 'unknown';
}

/**
 * R12: the methods in form fields and top-level JSON members `_method` and `_HttpMethod`, in every spelling that some
 * upstream accepts. `unreadable`: compressed, another charset, invalid JSON, or a repeated member.
 */
export function overridingMethodsOfBody(lines: HeaderLines, body: Buffer): BodyOverrides {
  const kind = bodyKindOf(lines);
  if (body.length === 0 || kind === 'other') return [];
  if (kind === 'multipart' || isEncodedBody(lines)) return 'unreadable';
  if (kind === 'form') return methodsOfForm(body);
  const ofJson = methodsOfJson(body);
  if (kind === 'json') return ofJson ?? 'unreadable';
  // Without a type, some upstreams read a form, others JSON.
  if (ofJson === 'unreadable') return ofJson;
  const ofForm = methodsOfForm(body);
  return ofForm === 'unreadable' ? ofForm : [...ofForm, ...(ofJson ?? [])];
}

/** More of them are an attack by processing time (R112). */
const MAX_MARKED_FIELDS = 100;

function methodsOfForm(body: Buffer): BodyOverrides {
  let methods: string[] | undefined;
  let marked = 0;
  for (const field of markedParameters(body.toString('latin1'), OVERRIDE_FIELD_MARK)) {
    marked += 1;
    if (marked > MAX_MARKED_FIELDS) return 'unreadable';
    methods = appendMethodOfField(methods, field);
  }
  return methods ?? [];
}

/** Null if the body is not JSON in UTF-8. */
function methodsOfJson(body: Buffer): BodyOverrides | null {
  const json = readStrictJson(body);
  if (json === null) return null;
  const { text, value } = json;
  if (!isJsonObject(value)) return [];
  const names = topLevelNames(text).filter((name) => isOverrideField(foldFieldName(name.normalize('NFKC'))));
  const [name, second] = names;
  if (name === undefined) return [];
  const method: unknown = value[name];
  // No upstream accepts an empty method.
  return second === undefined && typeof method === 'string' ? (appendMethod(undefined, method) ?? []) : 'unreadable';
}
