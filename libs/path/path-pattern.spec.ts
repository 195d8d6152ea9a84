import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileBlockedPaths,
  compilePatterns,
  judgePath,
  parsePathPattern,
  PLAIN_PATHS,
  type CanonicalPath,
  type ReadOnlyException,
} from './index.js';

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
  return compilePatterns([{ method: 'POST', path }]).matches(method, request as CanonicalPath);
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
    ['/users/current*', '/users/current', true],
    ['/users/current*', '/users/current.json', true],
    ['/users/current*', '/users/currently', true],
    ['/users/current*', '/users/curren', false],
    ['/users/current*', '/users/current/x', false],
    ['/users/current*', '/users/current/', false],
    ['/users/current*', '/users/current%2Fx', false],
    ['/users/current*/edit', '/users/current.x/edit', true],
    ['/users/current*/**', '/users/current.x/a/b', true],
    ['/', '/', true],
  ])('R13: %s and a POST to %s: %s', (path, request, expected) => {
    expect(parsePathPattern({ method: 'POST', path })).toEqual({ ok: true });
    expect(matches(path, request)).toBe(expected);
  });

  it('R13: an exception is for its own method alone', () => {
    expect(matches('/rest/api/2/search', '/rest/api/2/search', 'PUT')).toBe(false);
    expect(matches('/rest/api/2/search', '/rest/api/2/search', 'post')).toBe(false);
    expect(compilePatterns([]).matches('POST', '/x' as CanonicalPath)).toBe(false);
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
    ['POST', '/rest/*a'],
    ['POST', '/rest/a*b'],
    ['POST', '/rest/a**'],
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
    expect(parsePathPattern(exception)).toEqual({ ok: false, message: expect.stringMatching(/\S/) as string });
    expect(compilePatterns([exception]).matches(method, path as CanonicalPath)).toBe(false);
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
    const pattern = fc.constantFrom(
      '/items/*',
      '/items/**',
      '/items/*/delete',
      '/items/*/**',
      '/*/*',
      '/**',
      '/items/7*',
      '/items/7*/delete',
      '/it*/7*',
    );
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
        const isMatch = compilePatterns([exception]).matches('POST', `/${request}` as CanonicalPath);
        expect(isMatch && !path.includes('*') && path !== request).toBe(false);
      }),
    );
  });
});

/** A pattern as an expression, in which `**` may end with a slash. */
function asExpression(pattern: string): RegExp {
  const parts = pattern.split('/').slice(1);
  const written = parts.map((part) =>
    part === '**' ? '[^/]+(?:/[^/]+)*/?' : part === '*' ? '[^/]+' : part.replace('*', '[^/]*'),
  );
  return new RegExp(`^/${written.join('/')}$`, 'su');
}

function methodsAt(path: string, request: string, method?: string): unknown {
  return compileBlockedPaths([{ path, ...(method === undefined ? {} : { method }) }]).methodsAt(
    request as CanonicalPath,
  );
}

describe('blocked paths', () => {
  it.each([
    ['/users/current*', '/users/current', true],
    ['/users/current*', '/users/current.json', true],
    ['/users/current*', '/users/current/', true],
    ['/users/current*', '/users/current;v=1', true],
    ['/users/current*', '/users;x/current.json', true],
    ['/users/current*', '/users%2Fcurrent', true],
    ['/users/current*', '/users/%2563urrent', true],
    ['/users/current*', '/users/./current', true],
    ['/users/current*', '/users/curren', false],
    ['/users/current*', '/users/x/current', false],
    ['/users/*', '/users/7.json', true],
    ['/users/*', '/users/', false],
    ['/users/*', '/users/7/issues', false],
    ['/keys/**', '/keys/a/b', true],
    ['/keys/**', '/keys', false],
    ['/my/account', '/my/account%3Fx', true],
    ['/my/account', '/my/account%5C', true],
    ['/my/account/', '/my/account', true],
    ['/caf%C3%A9', '/cafe%CC%81', true],
    ['/a%2Fb', '/a%2Fb', true],
    ['/a%2Fb', '/a%2fb', true],
    ['/a%2Fb', '/%61%2fb', true],
    ['/a%2Fb', '/a/b', true],
    ['/users/*', '/users/.', true],
    ['/users/*', '/users.//.', true],
    ['/', '/', true],
    ['/', '/x', false],
    ['/**', '/x', true],
  ])('R124: %s reaches %s: %s', (path, request, expected) => {
    expect(methodsAt(path, request) !== null).toBe(expected);
  });

  it('R124: names its methods, HEAD with GET', () => {
    expect(methodsAt('/a', '/a')).toBe('every');
    expect(methodsAt('/a', '/a', 'GET')).toEqual(new Set(['GET', 'HEAD']));
    expect(methodsAt('/a', '/a', 'PUT')).toEqual(new Set(['PUT']));
    expect(methodsAt('/a', '/b', 'PUT')).toBeNull();
    const several = compileBlockedPaths([
      { method: 'PUT', path: '/a' },
      { method: 'POST', path: '/*' },
    ]);
    expect(several.methodsAt('/a' as CanonicalPath)).toEqual(new Set(['PUT', 'POST']));
  });

  it('R112: a path of nothing but dots and blanks is read in a moment', () => {
    for (const filler of ['.', '%20', '%2520', '/']) {
      const path = `/my/${filler.repeat(16_000 / filler.length)}x`;
      expect(methodsAt('/my/account', path)).toBeNull();
    }
  });

  it('R124: a path that one reading of it leads to a pattern is blocked', () => {
    const piece = fc.constantFrom(
      ...(
        'users current .json / // ; ;x . %2F %5C %3B %253B %3F %23 %20 %2E %09 %2563 %EF%BC%8F %EF%BC%8E ' +
        '%EF%BD%83 %E2%80%8B %25EF%25BD%2583 urrent'
      ).split(' '),
    );
    const beginning = fc.constantFrom('/users/', '/users/', '/users;x/', '/%75sers//', '/');
    const request = fc
      .tuple(beginning, fc.array(piece, { maxLength: 4 }))
      .map(([start, pieces]) => start + pieces.join(''));
    const pattern = fc.constantFrom('/users/current', '/users/current*', '/users/*', '/users/**', '/*/current');
    let reached = 0;
    fc.assert(
      fc.property(pattern, request, (path, sent) => {
        const { strict } = judgePath(sent, { rules: PLAIN_PATHS, reading: 'rfc3986' });
        // No token request goes on with another path.
        if (!strict.ok) return;
        const expected = asBlockingExpression(path);
        if (![...everyReading(strict.canonical)].some((reading) => expected.test(reading))) return;
        reached += 1;
        expect([sent, methodsAt(path, strict.canonical)]).toEqual([sent, 'every']);
      }),
      { numRuns: 20_000 },
    );
    expect(reached).toBeGreaterThan(100);
  });
});

function asBlockingExpression(pattern: string): RegExp {
  const parts = pattern.slice(1).split('/');
  const written = parts.map((part) =>
    part === '**' ? '[^/]+(?:/[^/]+)*' : part.replace(/^\*$/, '[^/]+').replace('*', '[^/]*'),
  );
  return new RegExp(`^/${written.join('/')}/?$`, 'su');
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

/** What servers could make of a path: some hundreds of texts at most. */
function everyReading(path: string): ReadonlySet<string> {
  const readings = new Set([path]);
  for (const reading of readings) {
    if (readings.size > 400) break;
    for (const step of STEPS) readings.add(step(reading));
  }
  return readings;
}
