import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HmacKey } from './hmac.js';

function reference(key: Uint8Array | string, message: string): string {
  return createHmac('sha256', key).update(message, 'utf8').digest('hex');
}

describe('HmacKey', () => {
  it('R61: the digests are those of RFC 4231', () => {
    expect(new HmacKey(Buffer.alloc(20, 0x0b)).digest('Hi There')).toBe(
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    );
    expect(new HmacKey('Jefe').digest('what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    expect(new HmacKey(Buffer.alloc(131, 0xaa)).digest('Test Using Larger Than Block-Size Key - Hash Key First')).toBe(
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    );
  });

  it('R61: they are those of createHmac for every key and message, one after the other', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary' })),
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 500, maxLength: 5_000 })), {
          maxLength: 5,
        }),
        (key, messages) => {
          const hmac = new HmacKey(key);
          for (const message of messages) {
            const expected = reference(key, message);
            expect(hmac.digest(message)).toBe(expected);
            const half = [...message].slice(0, message.length / 3).join('');
            expect(hmac.digest(half, message.slice(half.length))).toBe(expected);
            expect(hmac.matches(message, Buffer.from(expected, 'hex'))).toBe(true);
          }
        },
      ),
    );
  });

  it('R44: only the whole digest of the message under the key matches', () => {
    const hmac = new HmacKey('key');
    const digest = Buffer.from(hmac.digest('message'), 'hex');
    expect(hmac.matches('message', digest)).toBe(true);
    expect(hmac.matches('messag', digest)).toBe(false);
    expect(new HmacKey('other').matches('message', digest)).toBe(false);
    expect(hmac.matches('message', digest.subarray(1))).toBe(false);
    expect(hmac.matches('message', Buffer.concat([digest, Buffer.alloc(1)]))).toBe(false);
    expect(hmac.matches('message', Buffer.alloc(0))).toBe(false);
    for (let bit = 0; bit < 256; bit += 1) {
      const other = Buffer.from(digest);
      other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(hmac.matches('message', other)).toBe(false);
    }
  });
});
