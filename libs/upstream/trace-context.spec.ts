import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newTraceContext, readTraceContext, traceParent } from './trace-context.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const VALID = `00-${TRACE_ID}-${PARENT_ID}-01`;

const hexadecimal = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((parts) => parts.join(''))
    .filter((text) => /[^0]/.test(text));

describe('the traceparent of a request', () => {
  it.each([
    ['version 00', VALID, '01'],
    ['not sampled', `00-${TRACE_ID}-${PARENT_ID}-00`, '00'],
    ['a random id', `00-${TRACE_ID}-${PARENT_ID}-03`, '03'],
    ['flags without a meaning, which are dropped', `00-${TRACE_ID}-${PARENT_ID}-ff`, '03'],
    ['a later version', `01-${TRACE_ID}-${PARENT_ID}-01`, '01'],
    ['a later version with more behind it', `cc-${TRACE_ID}-${PARENT_ID}-01-what.the-future-holds`, '01'],
  ])('R55: is read: %s', (_case, value, flags) => {
    expect(readTraceContext(['Traceparent', value])).toEqual({ traceId: TRACE_ID, flags, traceState: null });
  });

  it.each([
    ['nothing', ''],
    ['upper case', VALID.toUpperCase()],
    ['the forbidden version', `ff-${TRACE_ID}-${PARENT_ID}-01`],
    ['no trace id', `00-${'0'.repeat(32)}-${PARENT_ID}-01`],
    ['no parent id', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['version 00 with more behind it', `${VALID}-more`],
    ['a later version that goes on without a dash', `01-${TRACE_ID}-${PARENT_ID}-01more`],
    ['a short trace id', `00-${TRACE_ID.slice(1)}-${PARENT_ID}-01`],
    ['blanks', ` ${VALID}`],
    ['two in one line', `${VALID},${VALID}`],
    ['no flags', `00-${TRACE_ID}-${PARENT_ID}-`],
    ['a very long line', `01-${TRACE_ID}-${PARENT_ID}-01-${'x'.repeat(600)}`],
  ])('R55: is not taken for one: %s', (_case, value) => {
    expect(readTraceContext(['traceparent', value, 'tracestate', 'a=1'])).toBeNull();
  });

  it('R55: two lines are no trace, since one of them would have to be believed', () => {
    expect(readTraceContext(['traceparent', VALID, 'Traceparent', VALID])).toBeNull();
    expect(readTraceContext(['tracestate', 'a=1'])).toBeNull();
  });

  it('R55: what was read is printed with another parent, and read again as the same trace', () => {
    fc.assert(
      fc.property(hexadecimal(32), hexadecimal(16), fc.constantFrom('00', '01', '02', '03'), (traceId, id, flags) => {
        const trace = readTraceContext(['traceparent', `00-${traceId}-${PARENT_ID}-${flags}`]);
        expect(trace).toEqual({ traceId, flags, traceState: null });
        if (trace === null) return;
        expect(traceParent(trace, id)).toBe(`00-${traceId}-${id}-${flags}`);
        expect(readTraceContext(['traceparent', traceParent(trace, id)])).toEqual(trace);
      }),
    );
  });

  it('R55: a trace that begins here is a valid one, and sampled', () => {
    expect(traceParent(newTraceContext(TRACE_ID), PARENT_ID)).toBe(VALID);
  });

  it('R55: nothing that is sent makes it fail', () => {
    const value = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant(VALID), fc.constant('a=1,b=2'));
    const name = fc.constantFrom('traceparent', 'tracestate', 'TRACESTATE', 'x');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        expect(() => readTraceContext(pairs.flat())).not.toThrow();
      }),
    );
  });
});

describe('the tracestate of a request', () => {
  const stateOf = (...values: readonly string[]): string | null | undefined =>
    readTraceContext(['traceparent', VALID, ...values.flatMap((value) => ['tracestate', value])])?.traceState;

  it.each([
    'congo=t61rcWkgMzE',
    'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    'fw529a3039@dt=FfAAAAAAAAAAA;x:y',
    '0tenant@system=1',
    'a=1, b=2,\tc=3',
    'a=1,,b=2',
    'a= inner blanks are kept',
    Array.from({ length: 32 }, (_, index) => `k${index}=1`).join(','),
  ])('R55: is passed on as it came: %s', (state) => {
    expect(stateOf(state)).toBe(state);
  });

  it('R55: several lines are one list', () => {
    expect(stateOf('a=1', 'b=2')).toBe('a=1,b=2');
  });

  it.each([
    '',
    ',',
    'a',
    '=1',
    'a=',
    'A=1',
    'a b=1',
    'a=1=2',
    'a=ä',
    'a=1,a=2',
    'a@b@c=1',
    `${'k'.repeat(257)}=1`,
    `a=${'v'.repeat(257)}`,
    Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(','),
  ])('R55: is dropped where it is not valid, and the trace goes on: %s', (state) => {
    expect(stateOf(state)).toBeNull();
  });
});
