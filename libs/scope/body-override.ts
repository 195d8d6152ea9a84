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

/** The methods that a body asks to be treated as, or `unreadable` if two readers could disagree. */
export type BodyOverrides = readonly string[] | 'unreadable';

/** A body that must be read, because a read-only token sends it by an exception, may have this many bytes at most. */
export const MAX_OVERRIDE_BODY_BYTES = 1_048_576;

/**
 * Whether the body of a request may name another method in a place that some upstream reads (R12): forms, JSON, and bodies
 * without a declared type, which some take for a form.
 */
export function mayOverrideInBody(lines: HeaderLines): boolean {
  const kind = bodyKindOf(lines);
  return kind === 'form' || kind === 'json' || kind === 'unknown';
}

/**
 * R12: every method that the body asks to be treated as, in the form fields and top-level JSON members `_method` and
 * `_HttpMethod`, in any spelling that some upstream accepts. `unreadable` if two readers could read it differently: a
 * compressed body, another charset, invalid JSON, a member that occurs twice.
 * @param lines the header lines of the request, with the type of the body
 * @param body the whole body
 */
export function overridingMethodsOfBody(lines: HeaderLines, body: Buffer): BodyOverrides {
  const kind = bodyKindOf(lines);
  if (body.length === 0 || kind === 'other') return [];
  if (kind === 'multipart' || isEncodedBody(lines)) return 'unreadable';
  if (kind === 'form') return methodsOfForm(body);
  const ofJson = methodsOfJson(body);
  if (kind === 'json') return ofJson ?? 'unreadable';
  // Without a declared type, some upstreams take it for a form, others for JSON.
  if (ofJson === 'unreadable') return ofJson;
  const ofForm = methodsOfForm(body);
  return ofForm === 'unreadable' ? ofForm : [...ofForm, ...(ofJson ?? [])];
}

/** A body with more of them is an attack on the time that reading takes (R112). */
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
  // No upstream takes an empty text for a method.
  return second === undefined && typeof method === 'string' ? (appendMethod(undefined, method) ?? []) : 'unreadable';
}
