import { ask, foldHeaderName, type HeaderLines } from '@scopegate/kernel';
import { queryParameters } from './query-parameter.js';

const NONE: readonly string[] = [];

/**
 * R12: every method that the head of a request asks to be treated as, in upper case: the elements of all its override
 * headers and the values of all its query parameters `_method` and `_HttpMethod`, in any spelling that some upstream would
 * take.
 * @param lines the header lines as they came off the wire
 * @param query the raw query without its `?`, or null
 * @returns the overriding methods, empty when there are none
 */
export function overridingMethods(lines: HeaderLines, query: string | null): readonly string[] {
  const methods = ask(lines, methodsOfHeaders);
  let fromQuery: string[] | undefined;
  // Few queries hold the word, plainly or encoded: the others are not taken apart.
  if (query !== null && /method|%/i.test(query)) {
    for (const { name, value } of queryParameters(query)) {
      if (isOverrideField(name) && value !== null) {
        fromQuery = appendMethod(fromQuery, value);
      }
    }
  }
  return fromQuery === undefined ? methods : [...methods, ...fromQuery];
}

function methodsOfHeaders(lines: HeaderLines): readonly string[] {
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

/** The lengths those names have: the other headers of a request cost no allocation. */
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

/** Adds a method to a list that is made when it is needed; a blank one is none. */
export function appendMethod(methods: string[] | undefined, value: string): string[] | undefined {
  const method = value.trim();
  if (method === '') {
    return methods;
  }
  const list = methods ?? [];
  // Upper case is for ASCII alone: beyond it, letters such as the dotless i would turn into those of a read method.
  list.push(/^[\x20-\x7e]*$/.test(method) ? method.toUpperCase() : method);
  return list;
}
