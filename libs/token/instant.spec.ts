import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideExpiry } from './expiry.js';
import { parseInstant } from './instant.js';
import { VALIDITIES, validityMonths } from './validity.js';

type CorpusOutcome =
  { readonly valid: true; readonly utc: string } | { readonly valid: false; readonly reason: string };

interface CorpusCase {
  readonly id: string;
  readonly why: string;
  readonly now: string;
  readonly maxMonths: number | null;
  readonly input: unknown;
  readonly expected: CorpusOutcome;
  readonly also_ok?: readonly CorpusOutcome[];
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/corpora/iso8601.json'), 'utf8')) as {
  readonly cases: readonly CorpusCase[];
};

function outcomeOf({ input, maxMonths, now }: CorpusCase): CorpusOutcome {
  const maximum = VALIDITIES.find((validity) => validityMonths(validity) === maxMonths) ?? 'never';
  const decision = decideExpiry({ expiresAt: input }, maximum, new Date(now).getTime());
  return decision.ok
    ? { valid: true, utc: new Date(decision.expiresAtMs ?? Number.NaN).toISOString() }
    : { valid: false, reason: decision.reason };
}

const two = (value: number): string => String(value).padStart(2, '0');
const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

describe('parseInstant', () => {
  it.each(corpus.cases)('R29: iso8601.json $id, $why', (corpusCase) => {
    expect([corpusCase.expected, ...(corpusCase.also_ok ?? [])]).toContainEqual(outcomeOf(corpusCase));
  });

  it('R29: prefers the first of several permitted outcomes throughout the corpus', () => {
    for (const corpusCase of corpus.cases) {
      expect(outcomeOf(corpusCase), corpusCase.id).toEqual(corpusCase.expected);
    }
  });

  it.each([
    ['2026-12-01T10:00:00.123456789Z', '2026-12-01T10:00:00.123Z'],
    ['2026-12-01T10:00:00.9999Z', '2026-12-01T10:00:00.999Z'],
    ['2026-12-01T10:00:00-0930', '2026-12-01T19:30:00.000Z'],
    ['2026-12-01T10:00:00+00:00', '2026-12-01T10:00:00.000Z'],
    ['2026-12-01T10:00+23:59', '2026-11-30T10:01:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
  ])('R29: %s is %s', (text, utc) => {
    expect(parseInstant(text)).toEqual({ ok: true, instantMs: new Date(utc).getTime() });
  });

  it.each([
    ['2026', 'not-date-time'],
    ['2026-12-01', 'not-date-time'],
    ['2026-12-01T10:00', 'no-offset'],
    ['2026-12-01T10:00:00.5', 'no-offset'],
    ['2026-12-01T10:00:00.Z', 'format'],
    ['2026-12-01T10:00:00.1234567890Z', 'format'],
    ['2026-12-01 10:00:00Z', 'format'],
    ['2026-12-01T10:00:00\u221202:00', 'format'],
    ['2026-12-01T10:00:00-0000', 'format'],
    ['2026-12-01T10:00:00-00', 'format'],
    ['2026-12-01T10:00:00+02:0', 'format'],
    ['2026-12-01T10:00:00Z\n', 'format'],
    ['\u0662\u0660\u0662\u0666-12-01T10:00:00Z', 'format'],
    ['20261201T100000Z', 'format'],
    ['2026-335T10:00:00Z', 'format'],
    ['2026-13-01T10:00:00Z', 'calendar'],
    ['2026-12-00T10:00:00Z', 'calendar'],
    ['2026-04-31T10:00:00Z', 'calendar'],
    ['2026-12-01T10:60:00Z', 'calendar'],
    ['9999-12-31T23:59:59-00:01', 'calendar'],
    ['2026-12-01T10:00:00+02:60', 'offset'],
  ])('R29: %j is refused as %s', (text, reason) => {
    expect(parseInstant(text)).toMatchObject({ ok: false, reason });
  });

  it('R29: what a Date prints is read back, whatever the offset it is written with', () => {
    const date = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9998-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, fc.integer({ min: -1_439, max: 1_439 }), (value, offsetMinutes) => {
        expect(parseInstant(value.toISOString())).toEqual({ ok: true, instantMs: value.getTime() });
        fc.pre(offsetMinutes !== 0);
        const local = new Date(value.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1);
        const sign = offsetMinutes < 0 ? '-' : '+';
        const hours = String(Math.floor(Math.abs(offsetMinutes) / 60)).padStart(2, '0');
        const minutes = String(Math.abs(offsetMinutes) % 60).padStart(2, '0');
        for (const written of [`${local}${sign}${hours}:${minutes}`, `${local}${sign}${hours}${minutes}`]) {
          expect(parseInstant(written)).toEqual({ ok: true, instantMs: value.getTime() });
        }
      }),
    );
  });

  it('R29: a date is taken exactly if the calendar has it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1970, max: 9998 }),
        fc.integer({ min: 0, max: 14 }),
        fc.integer({ min: 0, max: 33 }),
        (year, month, day) => {
          const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
          expect(parseInstant(`${year}-${two(month)}-${two(day)}T00:00:00Z`).ok).toBe(exists);
        },
      ),
    );
  });

  it('R29: the parser never throws and never repeats the input', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string({ minLength: 4, unit: 'binary' }), (value, text) => {
        expect(parseInstant(value)).toHaveProperty('ok');
        const reading = parseInstant(`#${text}#`);
        expect(reading).toMatchObject({ ok: false });
        expect(JSON.stringify(reading)).not.toContain(`#${text}#`);
      }),
    );
  });
});
