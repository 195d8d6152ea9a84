import type { RequestHead } from '@scopegate/access';
import { randomDigits } from './random-digits.js';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** More than the public id: a client mixed up two headers (R61). */
const HOLDS_SECRET = /sgs?_[0-9A-Za-z]{12}_[0-9A-Za-z]/i;

/** The client's id if it is 1 to 64 of `[A-Za-z0-9._-]` and no token: every server on the way logs it (R61). */
export function requestIdOf(head: RequestHead): string {
  const given = head.values('x-request-id');
  const id = given.length === 1 ? given[0] : undefined;
  return id !== undefined && CLIENT_ID.test(id) && !HOLDS_SECRET.test(id) ? id : newRequestId();
}

let lastAtMs = -1;
let timeDigits = '';

/**
 * 32 hexadecimal digits: 12 for the millisecond, 20 random, as in UUID version 7 (RFC 9562 5.7). Ids of one time are
 * near each other in the audit's index, which saves writes.
 */
export function newRequestId(): string {
  const nowMs = Date.now();
  if (nowMs !== lastAtMs) {
    lastAtMs = nowMs;
    timeDigits = nowMs.toString(16).padStart(12, '0');
  }
  return timeDigits + randomDigits(20);
}
