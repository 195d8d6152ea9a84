import { randomBytes } from 'node:crypto';
import { headerValues, type HeaderLines } from '@scopegate/kernel';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Random bytes are drawn for many ids at a time: one id costs a slice. */
let pool = '';
let at = 0;

/** The id the client gave the request, where it is 1 to 64 of `[A-Za-z0-9._-]`; a new one otherwise. */
export function requestIdOf(lines: HeaderLines): string {
  const given = headerValues(lines, 'x-request-id');
  const id = given.length === 1 ? given[0] : undefined;
  return id !== undefined && CLIENT_ID.test(id) ? id : newRequestId();
}

/** A new id of 32 hexadecimal digits. */
export function newRequestId(): string {
  if (at >= pool.length) {
    pool = randomBytes(16 * 256).toString('hex');
    at = 0;
  }
  at += 32;
  return pool.slice(at - 32, at);
}
