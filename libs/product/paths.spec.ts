import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { judgePath, parseTarget, stripMount, type PathReading, type PathJudgement } from '@scopegate/path';
import { productOf, type ApplicationKind } from './index.js';

interface PathCase {
  readonly id: string;
  readonly target: string;
  readonly context?: string;
  readonly kind?: ApplicationKind;
  readonly expected_on: string;
  readonly canonical?: string;
  readonly expected_off: 'reject' | { readonly ban: boolean; readonly token: boolean };
  readonly also_ok?: readonly string[];
  readonly why: string;
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/corpora/paths.json'), 'utf8')) as {
  readonly cases: readonly PathCase[];
};

/** The three answers about a target as the corpus words them. */
function judgeTarget(one: PathCase): { on: string; canonical: string | undefined; off: PathCase['expected_off'] } {
  const parsed = parseTarget(one.target);
  if (!parsed.ok) {
    return { on: 'reject', canonical: undefined, off: 'reject' };
  }
  const below = stripMount(parsed.rawPath, one.context ?? '/');
  if (below === null) {
    return { on: 'other', canonical: parsed.rawPath, off: { ban: false, token: false } };
  }
  const kind = one.kind ?? 'jira';
  const { strict, lenient } = judge(below, kind, productOf(kind).paths.reading);
  return {
    on: strict.ok ? strict.pathClass : 'reject',
    canonical: strict.ok ? strict.canonical : undefined,
    off: lenient,
  };
}

function judge(rawPath: string, kind: ApplicationKind = 'jira', reading: PathReading = 'tomcat'): PathJudgement {
  return judgePath(rawPath, { rules: productOf(kind).paths, reading });
}

function classOf(rawPath: string, kind: ApplicationKind = 'jira', reading: PathReading = 'tomcat'): string {
  const { strict } = judge(rawPath, kind, reading);
  return strict.ok ? strict.pathClass : 'reject';
}

function canonicalOf(rawPath: string, kind: ApplicationKind = 'jira', reading: PathReading = 'tomcat'): string {
  const { strict } = judge(rawPath, kind, reading);
  return strict.ok ? strict.canonical : `refused: ${strict.detail}`;
}

const REFUSED = expect.stringMatching(/^refused: /) as string;

describe('the corpus of paths', () => {
  it.each(corpus.cases)('R46: $id with the switch on: $target ($why)', (one) => {
    const { on, canonical } = judgeTarget(one);
    expect([one.expected_on, ...(one.also_ok ?? [])]).toContain(on);
    if (on === one.expected_on && one.canonical !== undefined) {
      expect(canonical).toBe(one.canonical);
    }
  });

  it.each(corpus.cases)('R43: $id with the switch off: $target ($why)', (one) => {
    expect(judgeTarget(one).off).toEqual(one.expected_off);
  });
});

describe('classes', () => {
  it.each<[string, ApplicationKind, string]>([
    ['/rest/api/2/myself', 'jira', 'rest'],
    ['/rest/', 'jira', 'rest'],
    ['/restricted/x', 'jira', 'other'],
    ['/', 'jira', 'other'],
    ['/x/rest/api', 'jira', 'other'],
    ['/scm/p/r.git/info/refs', 'jira', 'other'],
    ['/scm/p/r.git/info/refs', 'bitbucket', 'rest'],
    ['/scm', 'bitbucket', 'rest'],
    ['/scmx/p/r.git', 'bitbucket', 'other'],
    ['/projects/P/repos/r/browse', 'bitbucket', 'other'],
    ['/anything/at/all', 'generic', 'rest'],
    ['/', 'generic', 'rest'],
    ['/rpc/xmlrpc', 'jira', 'other'],
  ])('R45: %s of %s is of the class %s', (path, kind, expected) => {
    expect(classOf(path, kind)).toBe(expected);
  });

  it('R04, R06: the session endpoint has nine names in jira, and no other', () => {
    for (const version of ['1', '1.0', 'latest']) {
      for (const ending of ['', '/', '.json']) {
        expect(classOf(`/rest/auth/${version}/session${ending}`)).toBe('rest-session');
      }
    }
    for (const path of ['session/x', 'session.json/', 'session.xml', 'sessionx', 'Session', 'websudo', 'session%20']) {
      expect(classOf(`/rest/auth/1/${path}`)).toBe('rest');
    }
    for (const version of ['2', '1.1', '1.00', 'LATEST', '01', '']) {
      expect(classOf(`/rest/auth/${version}/session`)).toBe('rest');
    }
    expect(classOf('/rest/auth/1/session', 'confluence')).toBe('rest');
    expect(classOf('/x/rest/auth/1/session')).toBe('other');
  });

  it.each([
    ['/rpc/xmlrpc', 'remote-api'],
    ['/rpc/soap-axis/confluenceservice-v2', 'remote-api'],
    ['/rpc/soap-axis/a/b', 'remote-api'],
    ['/rpc/json-rpc/confluenceservice-v2/addPage', 'remote-api'],
    ['/rpc//xmlrpc', 'remote-api'],
    ['/rpc', 'rpc-other'],
    ['/rpc/', 'rpc-other'],
    ['/rpc/xmlrpc/', 'rpc-other'],
    ['/rpc/xmlrpc/x', 'rpc-other'],
    ['/rpc/xmlrpcx', 'rpc-other'],
    ['/rpc/XMLRPC', 'rpc-other'],
    ['/rpc/soap-axis', 'rpc-other'],
    ['/rpc/soap-axisx/y', 'rpc-other'],
    ['/rpc/trackback/1', 'rpc-other'],
    ['/rpcx', 'other'],
    ['/x/rpc/xmlrpc', 'other'],
  ])('R49: %s is of the class %s', (path, expected) => {
    expect(classOf(path, 'confluence')).toBe(expected);
    expect(judge(path, 'confluence').remoteApiRequest).toBe(expected === 'remote-api');
    expect(judge(path, 'confluence').lenient).toEqual({ ban: expected !== 'other', token: false });
  });

  it('R50: what only looks like the Remote API is not taken for it', () => {
    for (const path of ['/rpc/xmlrpc;x', '/rpc/xmlrpc/../../rest/api', '/rpc/soap-axis/%2e%2e/x', '/rpc%2fxmlrpc']) {
      expect(judge(path, 'confluence')).toMatchObject({ strict: { ok: false }, remoteApiRequest: false });
    }
  });
});

describe('the canonical form', () => {
  it.each([
    ['/%72%65st/api', '/rest/api'],
    ['/rest/api/2/a%2db%5f%7e', '/rest/api/2/a-b_~'],
    ['/rest/api/%c3%a9', '/rest/api/%C3%A9'],
    ['/rest/api/a%2bb%3dc%40d', '/rest/api/a%2Bb%3Dc%40d'],
    ['///rest////api//', '/rest/api/'],
    ['/rest/api/2/x[1]|^', '/rest/api/2/x%5B1%5D%7C%5E'],
    ['/rest/api/...', '/rest/api/...'],
    ['/rest/.well-known/x', '/rest/.well-known/x'],
    ['/rest/api/a%20b', '/rest/api/a%20b'],
    ['/rest/%F0%9F%98%80', '/rest/%F0%9F%98%80'],
    ["/rest/!$&'()*+,=:@", "/rest/!$&'()*+,=:@"],
    ['/display/DS/%E2%80%A6and%EF%BC%9F', '/display/DS/%E2%80%A6and%EF%BC%9F'],
  ])('R48: %s is forwarded as %s', (path, expected) => {
    expect(canonicalOf(path)).toBe(expected);
  });

  it.each([
    '/rest/..',
    '/..',
    '/.',
    '/rest/../',
    '/rest/./api',
    '/rest/%2e',
    '/rest/%2e%2E/x',
    '/rest/.%2e/x',
    '/rest/%252e%252e/x',
    '/rest/%25%32%65/x',
    '/rest/..%20/x',
    '/rest/%20../x',
    '/rest/..%C2%A0/x',
    '/rest/.%E2%80%8B./x',
    '/rest/.%C2%AD./x',
    '/rest/%E2%80%A5/x',
    '/rest/%E2%80%A4%E2%80%A4/x',
    '/rest/%EF%BC%8E%EF%BC%8E/x',
    '/rest/%EF%B9%92./x',
  ])('R46: %s makes a dot segment and is refused', (path) => {
    expect(canonicalOf(path)).toEqual(REFUSED);
    expect(canonicalOf(path, 'generic', 'tomcat')).toEqual(REFUSED);
  });

  it.each([
    '/rest/a%5cb',
    '/rest/a%5Cb',
    '/rest\\api',
    '/rest/a;b',
    '/rest/;/x',
    '/rest/a%3bb',
    '/rest/a%00',
    '/rest/a%0a',
    '/rest/a%7F',
    '/rest/a%C2%85',
    '/rest/%',
    '/rest/%4',
    '/rest/%4g',
    '/rest/%u002e',
    '/rest/%C0%AE',
    '/rest/%E0%80%AF',
    '/rest/%F0%80%80%AF',
    '/rest/%ED%A0%80',
    '/rest/%F4%90%80%80',
    '/rest/%F5%80%80%80',
    '/rest/%C3',
    '/rest/%C3/%A9',
    '/rest/%80',
    '/rest/\u00e9',
    '/rest/<x>',
    '/rest/"x"',
    '/rest/{x}',
    '/rest/`x`',
    '/rest/x y',
    '/rest/x?y',
    '/rest/x#y',
    'rest/x',
    '',
    '/rest%EF%BC%8Fapi',
    '/a/%E2%84%80',
    '/a%EF%BC%BCb',
    '/a%EF%B9%A8b',
    '/a%EF%BC%9Bb',
    '/a%CD%BEb',
    '/a%EF%B9%94b',
    '/a%EF%BC%85b',
    '/a%EF%B9%AAb',
  ])('R46: %j holds what no path of a servlet container may hold and is refused', (path) => {
    expect(canonicalOf(path)).toEqual(REFUSED);
    expect(canonicalOf(path, 'generic', 'tomcat')).toEqual(REFUSED);
  });

  it('R46: compatibility letters must not hide a REST path', () => {
    expect(classOf('/%EF%BD%92%EF%BD%85%EF%BD%93%EF%BD%94/api')).toBe('reject');
    expect(classOf('/re%C2%ADst/api')).toBe('reject');
    expect(classOf('/s/x/%EF%BC%BF/rest/api')).toBe('reject');
    expect(classOf('/display/%EF%BD%92%EF%BD%85%EF%BD%93%EF%BD%94')).toBe('other');
  });

  it.each<[string, ApplicationKind, string]>([
    ['/s/x/_/rest/api/2/myself', 'jira', 'reject'],
    ['/s/_/rest/api', 'jira', 'reject'],
    ['/s//_/rest/api', 'jira', 'reject'],
    ['/s/a/_/b/_/rest', 'jira', 'reject'],
    ['/s/a/_/rest/x/_/download', 'jira', 'reject'],
    ['/s/a/_//rest/api', 'jira', 'reject'],
    ['/%73/a/%5f/rest/api', 'jira', 'reject'],
    ['/s/a/_/_/rest', 'jira', 'reject'],
    ['/s/a/_/rpc/xmlrpc', 'confluence', 'reject'],
    ['/s/a/_/rpc/xmlrpc', 'jira', 'other'],
    ['/s/a/_/scm/p/r.git/info/refs', 'bitbucket', 'reject'],
    ['/s/a/_/restricted', 'jira', 'other'],
    ['/s/a/_/download/x.js', 'confluence', 'other'],
    ['/x/s/a/_/rest/api', 'jira', 'other'],
    ['/s/a/_/rest/api', 'generic', 'rest'],
  ])('R46: the rewrite of %s (%s) is judged as %s', (path, kind, expected) => {
    expect(classOf(path, kind)).toBe(expected);
  });
});

describe('paths by RFC 3986', () => {
  const BYTES = [
    '/api/queues/%2F/q',
    '/api/queues/%2f/q',
    '/kv/folder%2F',
    '/%2Fx',
    '/proxy/https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%23d',
    '/@scope%2fname',
    '/%40scope%2Fname',
    '/api/v4/projects/group%2Fproject/repository/files/lib%2Fa%2erb',
    '/x/100%25',
    '/x/a%252Fb',
    '/x/%252F%252F',
    '/share/text%3Da%250Ab',
    '/x/a%2500',
    '/x/caf%25E9',
    '/x/C%23',
    '/x/.gitlab%2Fci',
    '/a;b=1/c;d',
    '/;/x',
    '/a%3Bb',
    '/a%5Cb',
    '/a%5C%5Cb%255C',
    '/a///b//',
    '/apt/./x.deb',
    '/./',
    '/.',
    '/a/./././b%2Fc/.',
    '/a/...',
    '/a/..b/c..',
    '/a/%20',
    '/a%EF%BC%8Fb',
    '/%E2%84%80',
    '/a%EF%BC%BC%EF%BC%9B%EF%BC%85b',
    '/a%E2%88%95b',
    '/%EF%BD%92%EF%BD%85%EF%BD%93%EF%BD%94',
    '/%61/%7E',
    '/{x}/<y>/"z"/`[1]|^',
  ];

  it.each(BYTES)('R48: %s is forwarded byte for byte', (path) => {
    expect(canonicalOf(path, 'generic', 'rfc3986')).toBe(path);
  });

  it.each([
    ['//a///b//', '/a///b//'],
    ['//evil.example/x', '/evil.example/x'],
    ['////', '/'],
    ['//./x', '/./x'],
  ])('R48: %s begins with one slash when it is forwarded, so that it names no other host', (path, expected) => {
    expect(canonicalOf(path, 'generic', 'rfc3986')).toBe(expected);
  });

  it.each(BYTES.filter((path) => /%2F|%25|%5C|;|%3B|\/\.|%3A/i.test(path)))(
    'R48: %s is refused for the three products, whatever their setting, and for generic read as Tomcat does',
    (path) => {
      if (path === '/a/...' || path === '/a/..b/c..') return;
      for (const kind of ['jira', 'confluence', 'bitbucket'] as const) {
        expect(canonicalOf(path, kind, 'rfc3986')).toEqual(REFUSED);
      }
      expect(canonicalOf(path, 'generic', 'tomcat')).toEqual(REFUSED);
    },
  );

  it.each([
    '/a/../b',
    '/..',
    '/a%2F..%2Fb',
    '/x/..%2fy',
    '/x/a%2F..',
    '/x%2F.',
    '/x/.%2Fy',
    '/%2e%2e%2f',
    '/%2e/x',
    '/x/%252e%252e/y',
    '/x/a%252f..%252fy',
    '/x/%25252e%25252e%25252fy',
    '/x/..%255cy',
    '/x/..%5Cy',
    '/x/a%5C..%5Cb',
    '/x/a%5C.',
    '/x/..;/y',
    '/x/..;a=b%2Fc/y',
    '/x/.;/y',
    '/x/..%3B/y',
    '/x/..%253Bz/y',
    '/x;%2F../y',
    '/x/..%3Fy',
    '/x/..%23y',
    '/x/..%2500',
    '/x/.%2509./y',
    '/x/.%250d%250a./y',
    '/x/..%20/y',
    '/x/%20../y',
    '/x/.%20./y',
    '/x/..%C2%A0/y',
    '/x/..%E2%80%A8/y',
    '/x/.%E2%80%8B./y',
    '/x/%C2%AD./y',
    '/x/%EF%BC%8E%EF%BC%8E/y',
    '/x/%E2%80%A5/y',
    '/x/a%EF%BC%8F..%EF%BC%8Fb',
    '/x/a%EF%BC%BC..%EF%BC%BCb',
    '/x/..%EF%BC%9Bz/y',
    '/x/%EF%BC%852e%EF%BC%852e/y',
    '/x/a%E2%88%95..%E2%88%95b',
    '/x/a%C2%A5..%C2%A5b',
    '/x/%25c0%25ae%25c0%25ae/y',
    '/x/%25e0%2580%25ae./y',
    '/x/a%25c0%25af..%25c0%25afb',
    '/x/%25u002e%25u002e/y',
    '/x/%25uff0e./y',
    '/x/%25EF%25BC%258E%25EF%25BC%258E/y',
    `/x/%${'25'.repeat(30)}2e`,
  ])('R48: %s could be read as a dot segment and is refused', (path) => {
    expect(canonicalOf(path, 'generic', 'rfc3986')).toEqual(REFUSED);
  });

  it.each(['/a%00', '/a%0a', '/a%7F', '/a%C2%85', '/a%', '/a%zz', '/a%u002e', '/a%FF', '/a%C0%AF', '/a\\b', '/a b'])(
    'R48: %j is no URI, or has a control character or invalid UTF-8, and is refused',
    (path) => {
      expect(canonicalOf(path, 'generic', 'rfc3986')).toEqual(REFUSED);
    },
  );

  it('R48: a path that is REST in one reading alone is refused, for a product with REST paths', () => {
    const rules = { ...productOf('generic').paths, rest: ['/api'] };
    const classOfReading = (path: string): string => {
      const { strict } = judgePath(path, { rules, reading: 'rfc3986' });
      return strict.ok ? strict.pathClass : 'reject';
    };
    expect(classOfReading('/api/a%2Fb;c')).toBe('rest');
    expect(classOfReading('/page/a%2Fb')).toBe('other');
    for (const path of ['/%61pi/x', '//api/x', '/api%2Fx', '/api;x/y', '/./api/x', '/%2561pi/x']) {
      expect([path, classOfReading(path)]).toEqual([path, 'reject']);
    }
  });
});

describe('with the switch off', () => {
  it.each<[string, boolean, boolean]>([
    ['/rest/api/2/myself', true, true],
    ['/../rest/api', true, false],
    ['/x%2f..%2frest', true, false],
    ['/x/%252e%252e/rest/api', true, false],
    ['/%2572est/api', true, false],
    ['/;x/rest/api', true, false],
    ['/x/..;a=b/rest/api', true, false],
    ['/s/x/_/;/rest/api', true, false],
    ['/s/x/_/;/WEB-INF/web.xml', false, false],
    ['/s/x/_/download', false, false],
    ['/secure/../login.jsp', false, false],
    ['/rest/api/2/x%3Fy', true, true],
    ['/secure/a;jsessionid=x', false, false],
  ])('R43: %s: ban %s, token %s', (path, ban, token) => {
    expect(judge(path).lenient).toEqual({ ban, token });
  });

  it('R43: a path that climbs out of its mount is banned wherever it may come back in', () => {
    for (const path of [
      '/../jira/rest/api',
      '/%2e%2e/jira/rest/api',
      '/..;/jira/rest/api',
      '/x/../../a/b/rest',
      '/%252e%252e/jira/rest/api',
      '/../jira/s/x/_/rest/api',
    ]) {
      expect(judge(path).lenient).toEqual({ ban: true, token: false });
    }
    expect(judge('/../jira/secure').lenient).toEqual({ ban: false, token: false });
  });

  it('R43: everything of a generic application is REST', () => {
    expect(judge('/a/..;/b', 'generic').lenient).toEqual({ ban: true, token: true });
  });
});

describe('the session endpoint under all its names', () => {
  it.each([
    '/rest/auth/1/session',
    '/rest/auth/latest/session',
    '/rest/auth/1.0/session',
    '/rest/auth/1/session/',
    '/rest/auth/1/session.json',
    '/rest/auth/1/session/.json',
    '/rest/auth/latest/session.json/',
    '/rest/auth/1/session;x',
    '/rest//auth/1//session//',
    '/%72est/auth/1/sessio%6e',
    '/rest/auth/1/%2573ession',
    '/s/x/_/rest/auth/1/session',
    '/x/../rest/auth/1/session',
    '/../jira/rest/auth/1/session',
  ])('R43: the body of a POST to %s may hold a password', (path) => {
    expect(judge(path).sessionEndpoint).toBe(true);
    expect(judge(path, 'confluence').sessionEndpoint).toBe(false);
  });

  it.each([
    '/rest/auth/1/websudo',
    '/rest/auth/1/sessions',
    '/rest/auth/1/session/x',
    '/rest/auth//session',
    '/rest/auth/session',
    '/session',
    '/rest/api/2/session',
  ])('R43: %s is not the session endpoint', (path) => {
    expect(judge(path).sessionEndpoint).toBe(false);
  });
});

describe("the product's own token management", () => {
  it.each([
    '/rest/pat',
    '/rest/pat/latest/tokens',
    '/rest/pat/1.0/tokens/3',
    '/rest/access-tokens/latest/users/a',
    '/rest//pat/1.0/tokens',
    '/rest/%70at/1.0/tokens',
    '/rest/%2570at/1.0/tokens',
    '/rest/%25252570at/1.0/tokens',
    '/rest/x/../pat/1.0/tokens',
    '/rest/pat;x/1.0/tokens',
    '/rest\\pat\\1.0',
    '/rest%2fpat',
    '/s/x/_/rest/pat/1.0/tokens',
    '/x/..;/rest/pat/1.0',
    '/../jira/rest/pat/1.0/tokens',
    '/rest/pat/%ff',
    '/rest/pat/../api/2/myself',
  ])('R53: one reading of %s is a management path', (path) => {
    for (const kind of ['jira', 'confluence', 'bitbucket'] as const) {
      expect(judge(path, kind).nativeTokenManagement).toBe(true);
    }
    expect(judge(path, 'generic').nativeTokenManagement).toBe(false);
  });

  it('R53: a management path does not hide behind a text with too many readings', () => {
    const path = `/%EF%BD%92est/pat/1.0/tokens/%${'25'.repeat(30)}41`;
    expect(judge(path).nativeTokenManagement).toBe(true);
    expect(judge(path, 'generic').nativeTokenManagement).toBe(false);
    const login = `/%EF%BD%92est/auth/1/session;%${'25'.repeat(30)}41`;
    expect(judge(login).sessionEndpoint).toBe(true);
    expect(judge(login, 'confluence').sessionEndpoint).toBe(false);
  });

  it.each([
    '/rest/patx',
    '/rest/PAT/1',
    '/rest/api/2/pat',
    '/rest/access-tokensx',
    '/pat',
    '/x/rest/pat',
    '/rest%20/pat',
  ])('R53: no reading of %s is a management path', (path) => {
    expect(judge(path).nativeTokenManagement).toBe(false);
  });
});

/** What servers make of a path, one step at a time. Written apart from the rule on purpose. */
const STEPS: readonly ((path: string) => string)[] = [
  (path) => {
    const bytes = Buffer.from(path, 'utf8').toString('latin1');
    const decoded = bytes.replace(/%([0-9a-f]{2})/gi, (_triple, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(decoded, 'latin1').toString('utf8');
  },
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.normalize('NFKC'),
  (path) => path.replace(/[\u200b\u00ad]/g, ''),
  (path) => path.replace(/[?#\0].*$/s, ''),
  (path) => path.replace(/[\t\r\n]/g, ''),
  (path) => path.replace(/ +(?=[/\\]|$)|(?<=[/\\]) +/g, ''),
];

function everyReading(path: string): ReadonlySet<string> {
  const readings = new Set([path]);
  for (const reading of readings) {
    if (readings.size > 400) break;
    for (const step of STEPS) readings.add(step(reading));
  }
  return readings;
}

describe('every path', () => {
  const piece = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom('/', '.', '..', '%2e', '%2F', '%25', '%5c', ';', '\\', '%3b', '//', '/s/', '/_/'),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom('rest', 'pat', 'scm', 'rpc', 'xmlrpc', 'auth/1/session', 'x', 'a.b', '%72est'),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom('%c3%a9', '%EF%BC%8E', '%EF%BC%8F', '%E2%80%8B', '%00', '%', '[', '%20', '%c0%ae'),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
  );
  const paths = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);
  const kinds = fc.constantFrom<ApplicationKind>('jira', 'confluence', 'bitbucket', 'generic');
  const slashes = fc.constantFrom<PathReading>('tomcat', 'rfc3986');

  it('R46: is judged without an exception, and what the encoding refuses is refused with the switch off too', () => {
    fc.assert(
      fc.property(fc.oneof(paths, fc.string({ unit: 'binary' })), kinds, slashes, (path, kind, reading) => {
        const { strict, lenient } = judge(path, kind, reading);
        expect(lenient === 'reject' && strict.ok).toBe(false);
        expect(lenient === 'reject' || lenient.ban || !lenient.token).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('R48: the canonical form is a fixed point of the same class', () => {
    fc.assert(
      fc.property(paths, kinds, slashes, (path, kind, reading) => {
        const { strict } = judge(path, kind, reading);
        if (strict.ok) {
          expect(judge(strict.canonical, kind, reading).strict).toEqual(strict);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('R48: a canonical path of a servlet container holds nothing that it could resolve', () => {
    fc.assert(
      fc.property(paths, kinds, (path, kind) => {
        const { strict } = judge(path, kind, 'tomcat');
        if (!strict.ok) {
          return;
        }
        let read: string = strict.canonical;
        expect(read).toMatch(/^\/[\x21-\x7e]*$/);
        for (let depth = 0; depth < 12; depth += 1) {
          expect(read).not.toMatch(/\/\/|\/\.{1,2}(\/|$)|[\\;]/);
          // eslint-disable-next-line no-control-regex
          expect(read).not.toMatch(/[\x00-\x1f\x7f]/);
          read = read.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
        }
        expect(new URL(`http://x${strict.canonical}`).pathname.replaceAll('%5E', '^')).toBe(
          strict.canonical.replaceAll('%5E', '^'),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('R48: a path by RFC 3986 is forwarded as it came, and no reading of it goes up', () => {
    let accepted = 0;
    fc.assert(
      fc.property(paths, (path) => {
        const { strict } = judge(path, 'generic', 'rfc3986');
        if (!strict.ok) return;
        accepted += 1;
        expect(strict.canonical).toBe(path.replace(/^\/+/, '/'));
        const withoutWrittenDots = strict.canonical
          .replace(/(?<=\/)\.(?=\/|$)/g, 'x')
          .replace(/(?<=\/)\.(?=\/|$)/g, 'x');
        for (const read of everyReading(withoutWrittenDots)) {
          expect([path, read, /(^|[/\\])\.{1,2}(?=[/\\]|$)/.test(read)]).toEqual([path, read, false]);
        }
      }),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });

  it('R46: the strict class of a path agrees with every reading of its canonical form', () => {
    fc.assert(
      fc.property(paths, kinds, slashes, (path, kind, reading) => {
        const { strict } = judge(path, kind, reading);
        if (!strict.ok) {
          return;
        }
        const { lenient } = judge(strict.canonical, kind, reading);
        expect(lenient).toEqual({
          ban: strict.pathClass !== 'other',
          token: strict.pathClass === 'rest' || strict.pathClass === 'rest-session',
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('R46: a path that is strictly a page is never REST for a reading that the ban applies to', () => {
    fc.assert(
      fc.property(paths, kinds, slashes, (path, kind, reading) => {
        const { strict, lenient } = judge(path, kind, reading);
        if (strict.ok && strict.pathClass === 'other') {
          expect(lenient).toEqual({ ban: false, token: false });
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('R46: long hostile paths are judged in linear time', async () => {
    const pieces = [
      '/',
      ';',
      '\\',
      '%25',
      '%2e',
      '/s/',
      '/_/',
      '/..',
      '../',
      '%CC%81%CC%A3',
      '/..;a/_/',
      '%2525',
      '.',
      '%20',
    ];
    for (const one of pieces) {
      for (const prefix of ['/', '/s/', '/../']) {
        const pathOf = (length: number): string => prefix + one.repeat(length / one.length);
        await expectLinearTime(16_000, pathOf, (path) => judge(path, 'jira'));
        await expectLinearTime(16_000, pathOf, (path) => judge(path, 'generic', 'rfc3986'));
      }
    }
  });
});
