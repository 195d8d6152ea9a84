import { randomBytes } from 'node:crypto';

const POOL_BYTES = 8_192;

/** Random bytes are drawn for many ids at a time: one id costs a slice. */
let pool = '';
let at = 0;

/** New random hexadecimal digits, in lower case. */
export function randomDigits(count: number): string {
  if (at + count > pool.length) {
    pool = randomBytes(POOL_BYTES).toString('hex');
    at = 0;
  }
  at += count;
  return pool.slice(at - count, at);
}
