import { randomBytes } from 'node:crypto';

const POOL_BYTES = 8_192;

/** Random bytes for many ids at a time. */
let pool = '';
let at = 0;

/** Hexadecimal, lower case. */
export function randomDigits(count: number): string {
  if (at + count > pool.length) {
    pool = randomBytes(POOL_BYTES).toString('hex');
    at = 0;
  }
  at += count;
  return pool.slice(at - count, at);
}
