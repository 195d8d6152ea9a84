import { ask, headerValues, type HeaderLines } from '@scopegate/kernel';

/**
 * Whether the client asks for a page by name, as browsers do (RFC 9110 12.5.1). A wildcard does not count: `curl` and
 * most programs send one, or nothing.
 */
export function acceptsHtml(lines: HeaderLines): boolean {
  return ask(lines, namesHtml);
}

function namesHtml(lines: HeaderLines): boolean {
  return headerValues(lines, 'accept').some((value) =>
    value
      .split(',')
      .some((range) => /^\s*text\/html\s*(?:;|$)/i.test(range) && !/;\s*q=0(?:\.0*)?\s*(?:;|$)/i.test(range)),
  );
}
