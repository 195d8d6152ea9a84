import { describe, expect, it } from 'vitest';
import { PAGED_RESULTS, pageCookie } from './page-cookie.js';

function element(tag: number, ...contents: readonly (Buffer | readonly number[])[]): Buffer {
  const content = Buffer.concat(contents.map((part) => Buffer.from(part)));
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const OK = [element(0x0a, [0]), element(0x04), element(0x04)];

function done(...controls: readonly Buffer[]): Buffer {
  const parts = controls.length === 0 ? [] : [element(0xa0, ...controls)];
  return element(0x30, element(0x02, [7]), element(0x65, ...OK), ...parts);
}

function paged(cookie: Buffer, ...critical: readonly Buffer[]): Buffer {
  const value = element(0x30, element(0x02, [0]), element(0x04, cookie));
  return element(0x30, element(0x04, Buffer.from(PAGED_RESULTS)), ...critical, element(0x04, value));
}

describe('the cookie of a page', () => {
  it('R94: says whether there is another page, also after one without entries', () => {
    expect(pageCookie(done(paged(Buffer.from('next'))))).toEqual(Buffer.from('next'));
    expect(pageCookie(done(paged(Buffer.alloc(300, 1), element(0x01, [0xff]))))).toHaveLength(300);
    expect(pageCookie(done(paged(Buffer.alloc(0))))).toHaveLength(0);
    expect(pageCookie(done())).toHaveLength(0);
    const other = element(0x30, element(0x04, Buffer.from('1.2.3')), element(0x04, Buffer.from('x')));
    expect(pageCookie(done(other, paged(Buffer.from('next'))))).toEqual(Buffer.from('next'));
  });

  it('is in no other message, and nothing is read beyond its end', () => {
    expect(pageCookie(element(0x30, element(0x02, [7]), element(0x64, element(0x04))))).toBeNull();
    const whole = done(paged(Buffer.from('next')));
    for (let length = 0; length < whole.length; length += 1) {
      const cookie = pageCookie(whole.subarray(0, length));
      expect(cookie === null || cookie.length === 0).toBe(true);
    }
    expect(pageCookie(Buffer.from([0x30, 0x85, 1, 1, 1, 1, 1]))).toBeNull();
  });
});
