import type { RequestHead } from '@scopegate/access';
import { randomDigits } from './random-digits.js';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** More of a token, or of a session, than its public id. Whoever sends one here has mixed up two headers (R61). */
const HOLDS_SECRET = /sgs?_[0-9A-Za-z]{12}_[0-9A-Za-z]/i;

/**
 * The id the client gave the request, where it is 1 to 64 of `[A-Za-z0-9._-]`; a new one otherwise. A token fits the
 * same letters, and this id is written to the log of every server on the way (R61): one is taken for no id.
 */
export function requestIdOf(head: RequestHead): string {
  const given = head.values('x-request-id');
  const id = given.length === 1 ? given[0] : undefined;
  return id !== undefined && CLIENT_ID.test(id) && !HOLDS_SECRET.test(id) ? id : newRequestId();
}

let lastAtMs = -1;
let timeDigits = '';

/**
 * A new id of 32 hexadecimal digits: 12 for the millisecond since the epoch and 20 random ones, as in a UUID of version
 * 7 (RFC 9562, section 5.7). Ids of one time are neighbours in the index of the audit, so that storing an event does not
 * touch a page of its own somewhere in that index.
 */
export function newRequestId(): string {
  const nowMs = Date.now();
  if (nowMs !== lastAtMs) {
    lastAtMs = nowMs;
    timeDigits = nowMs.toString(16).padStart(12, '0');
  }
  return timeDigits + randomDigits(20);
}
