import { foldHeaderName, type HeaderLines } from '@scopegate/kernel';
import { markedParameters, nameMark, type QueryParameter } from './query-parameter.js';

const NONE: readonly string[] = [];

/**
 * R12: upper-case values of all parameters `_method` and `_HttpMethod`, in every spelling that some upstream accepts.
 * @param query without its `?`, or null
 */
export function overridingMethodsOfQuery(query: string | null): readonly string[] {
  let methods: string[] | undefined;
  if (query === null) return NONE;
  for (const field of markedParameters(query, OVERRIDE_FIELD_MARK)) methods = appendMethodOfField(methods, field);
  return methods ?? NONE;
}

/** R12: query parameters and form fields. */
export const OVERRIDE_FIELD_MARK = nameMark('_method', '_httpmethod');

export function appendMethodOfField(
  methods: string[] | undefined,
  { name, value }: QueryParameter,
): string[] | undefined {
  return value !== null && isOverrideField(name) ? appendMethod(methods, value) : methods;
}

/** R12: the elements of all override headers, in upper case. */
export function overridingMethodsOfHeaders(lines: HeaderLines): readonly string[] {
  let methods: string[] | undefined;
  for (let index = 0; index + 1 < lines.length; index += 2) {
    if (isMethodOverrideHeader(lines[index] ?? '')) {
      for (const element of (lines[index + 1] ?? '').split(',')) {
        methods = appendMethod(methods, element);
      }
    }
  }
  return methods ?? NONE;
}

/** Folded names (R12). */
const OVERRIDE_HEADERS: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-method',
  'x-rest-method',
  'x-http-verb',
  'http-method-override',
]);

/** A check of the length saves an allocation for other headers. */
const OVERRIDE_LENGTHS: ReadonlySet<number> = new Set([...OVERRIDE_HEADERS].map(({ length }) => length));

/** R12, in any spelling of `foldHeaderName`. Such lines are not forwarded with read-only tokens. */
export function isMethodOverrideHeader(name: string): boolean {
  const first = name.charCodeAt(0) | 0x20;
  if ((first !== 0x78 && first !== 0x68) || !OVERRIDE_LENGTHS.has(name.length)) {
    return false;
  }
  return OVERRIDE_HEADERS.has(foldHeaderName(name));
}

/** @param folded by `foldFieldName` */
export function isOverrideField(folded: string): boolean {
  return folded === '_method' || folded === '_httpmethod';
}

/** Creates the list for the first one. Ignores blanks. */
export function appendMethod(methods: string[] | undefined, value: string): string[] | undefined {
  const method = value.trim();
  if (method === '') {
    return methods;
  }
  const list = methods ?? [];
  // Only ASCII: other characters, such as the dotless i, have ASCII letters as their upper case.
  list.push(/^[\x20-\x7e]*$/.test(method) ? method.toUpperCase() : method);
  return list;
}
