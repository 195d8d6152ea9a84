import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSessionBody } from './session-body.js';

function read(text: string): ReturnType<typeof readSessionBody> {
  return readSessionBody(Buffer.from(text, 'utf8'));
}

describe('the body of a login', () => {
  it.each([
    ['{"username":"alice","password":"hunter2"}', 'alice', 'hunter2'],
    ['{"password":"sg_x","username":"alice","rememberMe":true}', 'alice', 'sg_x'],
    [' {"username":"ÄLICE","password":""}\n', 'ÄLICE', ''],
    [String.raw`{"username":"al\u0069ce","p\u0061ssword":"s\u0067_x"}`, 'alice', 'sg_x'],
    ['{"username":"alice","password":"x","nested":{"password":"y"}}', 'alice', 'x'],
  ])('R04: reads a name and a secret from %s', (text, username, secret) => {
    expect(read(text)).toEqual({ kind: 'credential', username, secret });
  });

  it.each(['', '{}', '{"username":"alice"}', '{"nested":{"password":"x"}}'])(
    'R04: %j holds no credential, so that one in the header stands alone',
    (text) => {
      expect(read(text)).toEqual({ kind: 'empty' });
    },
  );

  it.each([
    '{"username":"alice","password":"x","password":"y"}',
    '{"username":"alice","username":"bob","password":"x"}',
    '{"username":"alice","password":"x","Password":"y"}',
    String.raw`{"username":"alice","password":"x","p\u0061ssword":"y"}`,
  ])('R04: %s can be read in two ways', (text) => {
    expect(read(text)).toEqual({ kind: 'ambiguous' });
  });

  it.each([
    'username=alice&password=hunter2',
    '[]',
    'null',
    '"password"',
    '{"username":"alice","password":7}',
    '{"password":"hunter2"}',
    '{"username":"alice","PASSWORD":"hunter2"}',
    '{"username":"alice","password":"hunter2",}',
    '\uFEFF{"username":"alice","password":"hunter2"}',
  ])('R43: %s cannot be read, so that it counts as a password', (text) => {
    expect(read(text)).toEqual({ kind: 'unreadable' });
  });

  it('R43: bytes that are no UTF-8 cannot be read', () => {
    expect(readSessionBody(Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual({ kind: 'unreadable' });
  });

  it.each([
    '{"password":"sg_x"}',
    '{"username":null,"password":"sg_x"}',
    '{"username":"sg_x","password":"y"}',
    '{"username":"alice","Password":"sg_x"}',
    '{"username":"alice","password":["sg_x"]}',
    '{"username":" \\"sg_x","password":"y"}',
    'username=alice&password=sg_x',
    '\uFEFF{"username":"alice","password":"sg_x"}',
  ])('R36: %s holds a token where none is taken', (text) => {
    expect(read(text)).toEqual({ kind: 'misplaced-token' });
  });

  it('R36: a token in UTF-16, which some upstreams would read, is one in the wrong place', () => {
    const body = Buffer.from('{"username":"alice","password":"sg_x"}', 'utf16le');
    expect(readSessionBody(body)).toEqual({ kind: 'misplaced-token' });
  });

  it('R36: a view into a larger buffer is read within its bounds', () => {
    const larger = Buffer.from('sg_{"username":1}sg_');
    expect(readSessionBody(larger.subarray(3, 17))).toEqual({ kind: 'empty' });
    expect(readSessionBody(larger.subarray(4, 16))).toEqual({ kind: 'unreadable' });
  });

  it('R04: never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text)),
        ),
        (body) => {
          expect(typeof readSessionBody(body).kind).toBe('string');
        },
      ),
    );
  });

  it('R04: what was written as a login is read as it', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.startsWith('sg_'));
    fc.assert(
      fc.property(text, text, (username, password) => {
        expect(read(JSON.stringify({ username, password }))).toEqual({
          kind: 'credential',
          username: username.toWellFormed(),
          secret: password.toWellFormed(),
        });
      }),
    );
  });
});
