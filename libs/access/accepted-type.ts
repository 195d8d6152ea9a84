import type { RequestHead } from './request-head.js';

/** RFC 9110 12.5.1. A wildcard does not count: `curl` and most programs send one. */
export function acceptsHtml(head: RequestHead): boolean {
  return head
    .values('accept')
    .some((value) =>
      value
        .split(',')
        .some((range) => /^\s*text\/html\s*(?:;|$)/i.test(range) && !/;\s*q=0(?:\.0*)?\s*(?:;|$)/i.test(range)),
    );
}
