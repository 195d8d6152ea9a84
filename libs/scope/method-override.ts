import { ask, foldHeaderName, type HeaderLines } from '@scopegate/kernel';
import { queryParameters } from './query-parameter.js';

const NONE: readonly string[] = [];

/**
 * R12: every method that a request asks to be treated as, in upper case: the elements of all its override headers and
 * the values of all its `_method` query parameters, in any spelling that some upstream would take.
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
      if (name === '_method' && value !== null) {
        fromQuery = append(fromQuery, value);
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
        methods = append(methods, element);
      }
    }
  }
  return methods ?? NONE;
}

/**
 * Whether a header line overrides the method (R12): `X-HTTP-Method-Override`, `X-HTTP-Method`, `X-Method-Override`,
 * in any spelling of `foldHeaderName`. Such lines are not forwarded with token requests.
 */
export function isMethodOverrideHeader(name: string): boolean {
  // All three begin with x and have one of three lengths: a request's other headers cost no allocation.
  const first = name.charCodeAt(0) | 0x20;
  if (first !== 0x78 || (name.length !== 22 && name.length !== 13 && name.length !== 17)) {
    return false;
  }
  switch (foldHeaderName(name)) {
    case 'x-http-method-override':
    case 'x-http-method':
    case 'x-method-override':
      return true;
    default:
      return false;
  }
}

function append(methods: string[] | undefined, value: string): string[] | undefined {
  const method = value.trim();
  if (method === '') {
    return methods;
  }
  const list = methods ?? [];
  // Upper case is for ASCII alone: beyond it, letters such as the dotless i would turn into those of a read method.
  list.push(/^[\x20-\x7e]*$/.test(method) ? method.toUpperCase() : method);
  return list;
}
