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

/** The methods that a body asks to be treated as, or `unreadable` where that cannot be told. */
export type BodyOverrides = readonly string[] | 'unreadable';

/** The most bytes that are read of a body which a read-only token sends by an exception. */
export const MAX_OVERRIDE_BODY_BYTES = 1_048_576;

/**
 * Whether the body of a request may name another method, in a place that some upstream looks at (R12): forms, JSON, and
 * what is not declared, which some take for a form.
 */
export function mayOverrideInBody(lines: HeaderLines): boolean {
  const kind = bodyKindOf(lines);
  return kind === 'form' || kind === 'json' || kind === 'unknown';
}

/**
 * R12: every method that the body asks to be treated as: the form fields and top-level JSON members `_method` and
 * `_HttpMethod`, in any spelling that some upstream would take. What two readers could read differently is `unreadable`:
 * a compressed body, another charset, no strict JSON, a member that stands twice.
 * @param lines the header lines of the request, which say what the body is
 * @param body the whole body
 */
export function overridingMethodsOfBody(lines: HeaderLines, body: Buffer): BodyOverrides {
  const kind = bodyKindOf(lines);
  if (body.length === 0 || kind === 'other') return [];
  if (kind === 'multipart' || isEncodedBody(lines)) return 'unreadable';
  if (kind === 'form') return methodsOfForm(body);
  const ofJson = methodsOfJson(body);
  if (kind === 'json') return ofJson ?? 'unreadable';
  // Nothing says what it is: a form to some, JSON to others.
  if (ofJson === 'unreadable') return ofJson;
  const ofForm = methodsOfForm(body);
  return ofForm === 'unreadable' ? ofForm : [...ofForm, ...(ofJson ?? [])];
}

/** No program names the method so often: a body that does is there to be looked through (R112). */
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

/** Null where the body is no JSON in UTF-8. */
function methodsOfJson(body: Buffer): BodyOverrides | null {
  const json = readStrictJson(body);
  if (json === null) return null;
  const { text, value } = json;
  if (!isJsonObject(value)) return [];
  const names = topLevelNames(text).filter((name) => isOverrideField(foldFieldName(name.normalize('NFKC'))));
  const [name, second] = names;
  if (name === undefined) return [];
  const method: unknown = value[name];
  // An empty text is no method to anybody.
  return second === undefined && typeof method === 'string' ? (appendMethod(undefined, method) ?? []) : 'unreadable';
}
