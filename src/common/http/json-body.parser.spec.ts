import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './json-body.parser.js';

const malformed: unknown = expect.objectContaining({ code: 'request_malformed', status: 400 });

describe('the body of a management request', () => {
  it.each([
    ['{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
    ['', undefined],
    ['null', null],
    ['\ufeff{"a":1}', { a: 1 }],
    ['{"ä":"ö"}', { ä: 'ö' }],
  ])('is read as JSON: %s', (text, expected) => {
    expect(parseJsonBody(Buffer.from(text))).toEqual(expected);
  });

  it.each([
    '{',
    'nothing',
    '{"a":1,}',
    '{"a":1,"a":2}',
    '{"b":{"__proto__":{}}}',
    '['.repeat(33) + ']'.repeat(33),
    ' ',
  ])('R61: what is no JSON, or could be read in two ways, is refused without being repeated: %s', (text) => {
    expect(() => parseJsonBody(Buffer.from(text))).toThrow(malformed);
  });

  it('R61: bytes that are no UTF-8 are refused', () => {
    expect(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22]))).toThrow(malformed);
  });
});
