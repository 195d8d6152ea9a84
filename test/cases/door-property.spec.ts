import { readAskedPath, readStatuses, readSubject, RequestHead, type RequestFacts } from '@scopegate/access';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JIRA_RULES } from '../support/jira-rules.js';
import type { Line } from './access-case.request.js';

const PLACE = {
  application: JIRA_RULES,
  pathPrefix: '/app',
  ownedNames: new Map([
    ['x-forwarded-user', 'x-forwarded-user'],
    ['authorization', 'authorization'],
    ['cookie', 'cookie'],
  ]),
};

const FORWARDED = ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host', 'x-forwarded-proto'] as const;
const ORIGINAL = ['x-original-method', 'x-original-url'] as const;

function asking(lines: readonly Line[], more: Partial<RequestFacts> = {}): RequestFacts {
  const head = RequestHead.of([['Host', 'gateway.test'] as const, ...lines].flat());
  return {
    method: 'GET',
    httpVersion: '1.0',
    rawPath: '/authorize/app',
    query: null,
    head,
    peer: '127.0.0.1',
    ...more,
  };
}

function described(method: string, target: string): readonly Line[] {
  return [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Uri', target],
    ['X-Forwarded-Host', 'public.test'],
    ['X-Forwarded-Proto', 'https'],
  ];
}

const segment = fc.stringMatching(/^[a-z0-9.~!$&'()*+,=:@-]{1,8}$/).filter((text) => !/^\.+$/.test(text));
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/x/${segments.join('/')}`);
const query = fc.option(fc.stringMatching(/^[a-z0-9=&;%/?-]{0,20}$/));
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'PROPFIND', 'get');
const plainLine = fc.tuple(fc.stringMatching(/^[A-Za-z]{3,8}$/), fc.stringMatching(/^[ -~]{0,12}$/));

/** A name of the two dialects, an owned one or another one, in some spelling. */
const oddName = fc
  .tuple(
    fc.constantFrom(...FORWARDED, ...ORIGINAL, 'x-forwarded-user', 'accept'),
    fc.constantFrom('-', '-', '-', '-', '_', '.'),
    fc.boolean(),
  )
  .map(([name, mark, isUpper]) => {
    const spelling = name.replaceAll('-', mark);
    return isUpper ? spelling.toUpperCase() : spelling;
  });

describe('the piece of the query for nginx', () => {
  it('R86: leaves what stands before it as it is', () => {
    fc.assert(
      fc.property(fc.string(), (before) => {
        expect(readStatuses(`${before}&statuses=nginx`)).toEqual({ isForNginx: true, query: before });
        const other = readStatuses(before);
        if (!before.endsWith('statuses=nginx')) expect(other).toEqual({ isForNginx: false, query: before });
      }),
    );
    expect(readStatuses('statuses=nginx')).toEqual({ isForNginx: true, query: null });
    expect(readStatuses(null)).toEqual({ isForNginx: false, query: null });
  });
});

describe('the subject', () => {
  it('R84: is one and the same in every form, with the mount and without it', () => {
    fc.assert(
      fc.property(method, path, query, fc.array(plainLine, { maxLength: 4 }), (verb, rest, search, lines) => {
        const suffix = search === null ? '' : `?${search}`;
        const subjects = ['/app', ''].flatMap((mount) => {
          const asked = readAskedPath(`/authorize/app${mount}${rest}`);
          if (asked?.door !== 'request') throw new Error('This is the request form.');
          const target = `${mount}${rest}${suffix}`;
          const original: readonly Line[] = [
            ['X-Original-Method', verb],
            ['X-Original-URL', `https://public.test${target}`],
          ];
          return [
            readSubject(asked, asking(lines, { method: verb, query: search }), PLACE),
            readSubject({ door: 'headers', key: 'app' }, asking([...described(verb, target), ...lines]), PLACE),
            readSubject({ door: 'headers', key: 'app' }, asking([...lines, ...original]), PLACE),
          ];
        });
        for (const subject of subjects) {
          if (!subject.ok) throw new Error(`Refused: ${JSON.stringify(subject.denial)}`);
          const { facts } = subject;
          expect(facts).toMatchObject({ method: verb, rawPath: rest, query: search, httpVersion: '1.1' });
          // The lines of the client, in their order, and nothing of the description.
          const kept = facts.head.lines.filter((_text, index) => index % 2 === 0);
          const names = kept.map((name) => name.toLowerCase()).filter((name) => name !== 'host');
          expect(names).toEqual(lines.map(([name]) => name.toLowerCase()));
        }
      }),
    );
  });

  it('R85: comes from exactly one line of each name of one dialect, and is refused otherwise', () => {
    const line = oddName.map((name): Line => [
      name,
      /method/i.test(name) ? 'GET' : /ur[il]/i.test(name) ? '/app/x' : 'http',
    ]);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...described('GET', '/app/x')], { minLength: 2 }),
        fc.array(line, { maxLength: 4 }),
        (some, odd) => {
          const lines = [...some, ...odd];
          const names = lines.map(([name]) => name.toLowerCase());
          const count = (name: string): number => names.filter((candidate) => candidate === name).length;
          const isComplete = (wanted: readonly string[], unwanted: readonly string[]): boolean =>
            wanted.every((name) => count(name) === 1) && unwanted.every((name) => count(name) === 0);
          const isAlias = names.some((name) => /[_.]/.test(name));
          const isOne = isComplete(FORWARDED, ORIGINAL) || isComplete(ORIGINAL, FORWARDED);
          const subject = readSubject({ door: 'headers', key: 'app' }, asking(lines), PLACE);
          expect(subject.ok, JSON.stringify(lines)).toBe(isOne && !isAlias);
          if (!subject.ok) expect(subject.denial.code).toBe('request_malformed');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('R84: no spelling of the mount leads past the rules for what lies below it', () => {
    const disguise = fc
      .array(
        fc.constantFrom(
          '/',
          '//',
          '/./',
          '/a/../',
          '%2f',
          '%2F',
          ';a',
          'a',
          'p',
          'P',
          '%61',
          '%70',
          '%2570',
          '\\',
          '%5c',
        ),
        {
          minLength: 1,
          maxLength: 8,
        },
      )
      .map((pieces) => `/${pieces.join('')}/keys`);
    const readers: readonly ((text: string) => string)[] = [
      (text) => decodeURIComponent(text),
      (text) => decodeURIComponent(text).replaceAll('\\', '/'),
      (text) => decodeURIComponent(text.replace(/;[^/]*/g, '')),
      (text) => decodeURIComponent(decodeURIComponent(text)),
      (text) => decodeURIComponent(text).replace(/\/{2,}/g, '/'),
    ];
    fc.assert(
      fc.property(disguise, (target) => {
        const asked = readAskedPath(`/authorize/app${target}`);
        if (asked?.door !== 'request') return;
        const subject = readSubject(asked, asking([]), PLACE);
        if (!subject.ok) return;
        const { rawPath } = subject.facts;
        if (rawPath !== target) expect(target).toBe(`/app${rawPath}`);
        for (const read of readers) {
          const found = new URL(`http://x${read(rawPath).replace(/^\/+/, '/')}`).pathname.toLowerCase();
          if (rawPath === target) expect(/^\/app(?:\/|$)/.test(found), target).toBe(false);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
