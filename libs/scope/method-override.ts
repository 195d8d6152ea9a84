import { foldHeaderName, type HeaderLines } from '@scopegate/kernel';
import { markedParameters, nameMark, type QueryParameter } from './query-parameter.js';

const NONE: readonly string[] = [];

/**
 * R12: every method that the query asks to be treated as, in upper case: the values of all its parameters `_method` and
 * `_HttpMethod`, in any spelling that some upstream would take.
 * @param query the raw query without its `?`, or null
 */
export function overridingMethodsOfQuery(query: string | null): readonly string[] {
  let methods: string[] | undefined;
  if (query === null) return NONE;
  for (const field of markedParameters(query, OVERRIDE_FIELD_MARK)) methods = appendMethodOfField(methods, field);
  return methods ?? NONE;
}

/** Finds query parameters and form fields that may override the method (R12). */
export const OVERRIDE_FIELD_MARK = nameMark('_method', '_httpmethod');

/** Adds the method that a query parameter or form field asks to be treated as, where it is one that does. */
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

/** The headers that override the method (R12), folded. */
const OVERRIDE_HEADERS: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-method',
  'x-rest-method',
  'x-http-verb',
  'http-method-override',
]);

/** The lengths of those names: other headers cost no allocation. */
const OVERRIDE_LENGTHS: ReadonlySet<number> = new Set([...OVERRIDE_HEADERS].map(({ length }) => length));

/**
 * Whether a header line overrides the method (R12), in any spelling of `foldHeaderName`. Such lines are not forwarded with
 * read-only tokens.
 */
export function isMethodOverrideHeader(name: string): boolean {
  const first = name.charCodeAt(0) | 0x20;
  if ((first !== 0x78 && first !== 0x68) || !OVERRIDE_LENGTHS.has(name.length)) {
    return false;
  }
  return OVERRIDE_HEADERS.has(foldHeaderName(name));
}

/** Whether a query parameter, form field or JSON member overrides the method. @param folded by `foldFieldName` */
export function isOverrideField(folded: string): boolean {
  return folded === '_method' || folded === '_httpmethod';
}

/** Adds a method to a list, which is created for the first one. Ignores blanks. */
export function appendMethod(methods: string[] | undefined, value: string): string[] | undefined {
  const method = value.trim();
  if (method === '') {
    return methods;
  }
  const list = methods ?? [];
  // Upper case for ASCII alone: the upper case of the dotless i, for example, is a letter of OPTIONS.
  list.push(/^[\x20-\x7e]*$/.test(method) ? method.toUpperCase() : method);
  return list;
}
