import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExceptions, parseExceptionPattern, type CanonicalPath, type ReadOnlyException } from './index.js';

interface ExceptionCase {
  readonly id: string;
  readonly exception: string;
  readonly target: string;
  readonly expected: boolean;
  readonly why: string;
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/corpora/paths.json'), 'utf8')) as {
  readonly exceptions: readonly ExceptionCase[];
};

function matches(path: string, request: string, method = 'POST'): boolean {
  return compileExceptions([{ method: 'POST', path }]).matches(method, request as CanonicalPath);
}

describe('exceptions that count as reads', () => {
  it.each([
    ['/rest/api/2/search', '/rest/api/2/search', true],
    ['/rest/api/2/search', '/rest/api/2/search/', false],
    ['/rest/api/2/search', '/rest/api/2/search/x', false],
    ['/rest/api/2/search', '/rest/api/2/searchx', false],
    ['/rest/api/2/search', '/x/rest/api/2/search', false],
    ['/rest/api/2/search', '/rest/api/2/Search', false],
    ['/rest/api/2/search/', '/rest/api/2/search', false],
    ['/rest/api/2/search/', '/rest/api/2/search/', true],
    ['/rest/api/*/search', '/rest/api/latest/search', true],
    ['/rest/api/*/search', '/rest/api/a/b/search', false],
    ['/rest/api/*/search', '/rest/api/search', false],
    ['/rest/api/*', '/rest/api/x', true],
    ['/rest/api/*', '/rest/api/', false],
    ['/rest/api/*', '/rest/api', false],
    ['/rest/api/*', '/rest/api/x/', false],
    ['/rest/api/*', '/rest/api/x/y', false],
    ['/rest/api/**', '/rest/api/x', true],
    ['/rest/api/**', '/rest/api/x/y/', true],
    ['/rest/api/**', '/rest/api', false],
    ['/rest/api/**', '/rest/api/', false],
    ['/rest/api/**', '/rest/apix/y', false],
    ['/*/api/**', '/rest/api/x', true],
    ['/**', '/anything', true],
    ['/**', '/', false],
    ['/', '/', true],
  ])('R13: %s and a POST to %s: %s', (path, request, expected) => {
    expect(parseExceptionPattern({ method: 'POST', path })).toEqual({ ok: true });
    expect(matches(path, request)).toBe(expected);
  });

  it('R13: an exception is for its own method alone', () => {
    expect(matches('/rest/api/2/search', '/rest/api/2/search', 'PUT')).toBe(false);
    expect(matches('/rest/api/2/search', '/rest/api/2/search', 'post')).toBe(false);
    expect(compileExceptions([]).matches('POST', '/x' as CanonicalPath)).toBe(false);
  });

  it.each([
    ['POST', 'rest/x'],
    ['POST', ''],
    ['POST', '/rest/../x'],
    ['POST', '/rest/%2e%2e/x'],
    ['POST', '/rest//x'],
    ['POST', '/%72est/x'],
    ['POST', '/rest/a%2fb'],
    ['POST', '/rest/x?y=z'],
    ['POST', '/rest/x#y'],
    ['POST', '/rest/a*'],
    ['POST', '/rest/***'],
    ['POST', '/rest/**/x'],
    ['POST', '/rest/**/'],
    ['POST', '/rest/x;y'],
    ['POST', '/rest/x\\y'],
    ['POST', '/rest/\u00e9'],
    ['POST', `/${'x'.repeat(3000)}`],
    ['post', '/rest/x'],
    ['', '/rest/x'],
    ['PO ST', '/rest/x'],
    ['*', '/rest/x'],
    ['TRACE', '/rest/x'],
    ['CONNECT', '/rest/x'],
  ])('R13: "%s %s" is refused with a message and matches nothing', (method, path) => {
    const exception: ReadOnlyException = { method, path };
    expect(parseExceptionPattern(exception)).toEqual({ ok: false, message: expect.stringMatching(/\S/) as string });
    expect(compileExceptions([exception]).matches(method, path as CanonicalPath)).toBe(false);
  });

  it.each(corpus.exceptions)('R13: $id: $exception and a POST to $target: $why', ({ exception, target, expected }) => {
    expect(matches(exception, target)).toBe(expected);
  });

  it('R13: a path that a pattern matches is matched in every reading, also where nothing judged it before', () => {
    const piece = fc.constantFrom(
      ...(
        '7 a delete . .. / // \\ ; ;x ? # %2F %2f %252F %5C %255c %3B %253B %3F %23 %2E %252e %20 %09 %00 2F 5C ' +
        '%EF%BC%8F %EF%BC%8E %EF%BC%85 %25EF%25BC%258F %E2%80%8B %CC%87 %C3%A4 %C0%AF'
      ).split(' '),
      ' ',
    );
    const request = fc.array(piece, { maxLength: 7 }).map((pieces) => `/items/${pieces.join('')}`);
    const pattern = fc.constantFrom('/items/*', '/items/**', '/items/*/delete', '/items/*/**', '/*/*', '/**');
    let matched = 0;
    fc.assert(
      fc.property(pattern, request, (path, sent) => {
        if (!matches(path, sent)) return;
        matched += 1;
        const expected = asExpression(path);
        for (const reading of everyReading(sent)) {
          expect([sent, reading, expected.test(reading)]).toEqual([sent, reading, true]);
        }
      }),
      { numRuns: 20_000 },
    );
    expect(matched).toBeGreaterThan(100);
  });

  it('R13: a glob without wildcards matches itself alone, whatever is written in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (path, request) => {
        const exception = { method: 'POST', path: `/${path}` };
        const isMatch = compileExceptions([exception]).matches('POST', `/${request}` as CanonicalPath);
        expect(isMatch && !path.includes('*') && path !== request).toBe(false);
      }),
    );
  });
});

/** A pattern as an expression, in which `**` may end with a slash. */
function asExpression(pattern: string): RegExp {
  const parts = pattern.split('/').slice(1);
  const written = parts.map((part) => (part === '**' ? '[^/]+(?:/[^/]+)*/?' : part === '*' ? '[^/]+' : part));
  return new RegExp(`^/${written.join('/')}$`, 'su');
}

/** What servers make of a path, one step at a time. Written apart from the rule on purpose. */
const STEPS: readonly ((path: string) => string)[] = [
  (path) => (/%[0-9a-f]{2}/i.test(path) ? decodeAsUtf8(path) : path),
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.normalize('NFKC'),
  (path) => path.replace(/[\u200b\u00ad\ufeff]/g, ''),
  (path) => path.replace(/[?#\0].*$/s, ''),
  (path) =>
    path.replace(/[. ]+(?=\/|$)/g, (end, at: number) => (/^\.\.?$/.test(end) && path[at - 1] === '/' ? end : '')),
  (path) => path.replace(/\/\.(?=\/|$)/g, ''),
  (path) => path.replace(/\/[^/]+\/\.\.(?=\/|$)/, ''),
];

function decodeAsUtf8(path: string): string {
  const decoded = Buffer.from(path, 'utf8')
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_triple, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(decoded, 'latin1').toString('utf8');
}

function everyReading(path: string): ReadonlySet<string> {
  const readings = new Set([path]);
  for (const reading of readings) {
    if (readings.size > 400) break;
    for (const step of STEPS) readings.add(step(reading));
  }
  return readings;
}
