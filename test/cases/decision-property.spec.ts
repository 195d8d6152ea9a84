import { judgeRequestPath, REASONS, STAGES, stageOf, type Decision, type Stage } from '@scopegate/access';
import { parseTarget } from '@scopegate/path';
import { forwardedPath, parseUpstream } from '@scopegate/upstream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  authorization,
  basicToken,
  bearerToken,
  cookie,
  letIn,
  nativeToken,
  password,
  type AccessCase,
  type CaseApplication,
  type CaseCredential,
  type CaseRequest,
} from './access-case.js';
import { decideCase } from './access-case.decision.js';

const READS = ['GET', 'HEAD', 'OPTIONS'];
const SEARCH = { method: 'POST', path: '/rest/api/2/search' } as const;

const application: fc.Arbitrary<CaseApplication> = fc.record(
  {
    kind: fc.constantFrom('jira', 'confluence', 'bitbucket', 'generic'),
    anonymous: fc.constantFrom('allow', 'deny'),
    nativeTokensDisabled: fc.boolean(),
    remoteApiPasswords: fc.boolean(),
    paths: fc.constantFrom('tomcat', 'rfc3986'),
    exceptions: fc.constantFrom([], [SEARCH]),
  },
  { requiredKeys: ['kind'] },
);

const method = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST') },
  fc.constantFrom('PUT', 'PATCH', 'DELETE', 'TRACE', 'REPORT', 'PROPFIND', 'get', 'Post', 'QUERY'),
);

/** Paths that mean something, whole ones more often than those put together. */
const path = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '/rest/api/2/myself',
      '/rest/auth/1/session',
      '/rest/auth/latest/session',
      '/rest/auth/1/session/x',
      '/rest/auth/1/websudo',
      '/rest//auth/1/%73ession',
      '/rest/api/2/search',
      '/rest/api/2/search/x',
      '/rest/pat/latest/tokens',
      '/rpc/xmlrpc',
      '/scm/app/server.git/info/refs',
      '/scm/app/server.git/git-upload-pack',
      '/scm/app/server.git/git-receive-pack',
      '/scm/app/server.git/info/lfs/objects/batch',
      '/secure/Dashboard.jspa',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(
        fc.constantFrom(
          '/rest',
          '/auth/1/session',
          '/scm/a/b',
          '/git-receive-pack',
          '/..',
          '/%2e%2e',
          '/..;a=b',
          '/x',
          '//',
          '/_/',
          '/s',
          '%2f',
          '%25',
          '%zz',
          '\\',
          '.json',
          'é',
        ),
        { minLength: 1, maxLength: 6 },
      )
      .map((parts) => `/${parts.join('')}`),
  },
);

const override: fc.Arbitrary<readonly [string, string]> = fc.tuple(
  fc.constantFrom('X-HTTP-Method-Override', 'x-http-method', 'X_Method_Override', 'X-Unrelated'),
  fc.constantFrom('GET', 'head', 'DELETE', 'put', 'GET,DELETE', ' options ', '', 'GİT'),
);

const query = fc.option(
  fc.constantFrom(
    'service=git-upload-pack',
    'service=git-receive-pack',
    '_method=DELETE',
    '_method=get',
    'os_username=alice&os_password=hunter2',
    'a=b',
    '%',
  ),
  { nil: undefined },
);

const body = fc.option(
  fc.constantFrom(
    '{"username":"alice","password":"<ro>"}',
    '{"username":"alice","password":"hunter2"}',
    '{"operation":"download"}',
    '{"operation":"upload"}',
    '{}',
    '[]',
    'nonsense',
    '',
  ),
  { nil: undefined },
);

const credential: fc.Arbitrary<CaseCredential | undefined> = fc.oneof(
  fc.constantFrom(
    basicToken('alice', 'ro'),
    basicToken('bob', 'ro'),
    bearerToken('ro'),
    password('alice'),
    nativeToken(),
    cookie(),
    authorization('Basic !!!!'),
    authorization('Bearer <ro>', 'Bearer <ro>'),
    undefined,
  ),
  fc.string({ maxLength: 40 }).map((line) => authorization(line)),
);

function requestWith(credentials: fc.Arbitrary<CaseCredential | undefined>): fc.Arbitrary<CaseRequest> {
  return fc
    .record({
      method,
      path,
      query,
      body,
      credential: credentials,
      headers: fc.array(override, { maxLength: 2 }),
      peer: fc.constantFrom('127.0.0.1', '192.0.2.7', '2001:db8::1', 'nonsense'),
    })
    .map(({ query: text, body: bytes, credential: presented, ...request }) => ({
      ...request,
      ...(text === undefined ? {} : { query: text }),
      ...(bytes === undefined ? {} : { body: bytes }),
      ...(presented === undefined ? {} : { credential: presented }),
    }));
}

function rowsWith(requests: fc.Arbitrary<CaseRequest>): fc.Arbitrary<AccessCase> {
  return fc.record({
    name: fc.constant('generated'),
    requirement: fc.constant('R03'),
    application,
    settings: fc.record(
      {
        allowList: fc.constantFrom([], ['127.0.0.0/8', '192.0.2.0/24']),
        allowListAppliesToPasswords: fc.boolean(),
        passwordsEnabled: fc.boolean(),
        preventPathTraversal: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    request: requests,
    expect: fc.constant(letIn(200)),
  });
}

/** The methods that the overriding headers of a generated request name, read without any of the gateway's code. */
function overridesOf({ headers = [] }: CaseRequest): string[] {
  return headers
    .filter(([name]) => name !== 'X-Unrelated')
    .flatMap(([, value]) => value.split(','))
    .map((value) => value.trim().toUpperCase())
    .filter((value) => value !== '');
}

/** R04, R05, R13, R14: what a read-only token may do in addition to reading. */
function isNamedException(row: AccessCase, canonical: string): boolean {
  const { kind, exceptions = [] } = row.application as CaseApplication;
  if (row.request.method !== 'POST') return false;
  return (
    (kind === 'jira' && /^\/rest\/auth\/(1|1\.0|latest)\/session(\/|\.json)?$/.test(canonical)) ||
    (exceptions.length > 0 && canonical === SEARCH.path) ||
    (kind === 'bitbucket' && /^\/scm\/[^/]+\/[^/]+\/git-upload-pack$/.test(canonical)) ||
    (kind === 'bitbucket' &&
      /^\/scm\/[^/]+\/[^/]+\/info\/lfs\/objects\/batch$/.test(canonical) &&
      row.request.body === '{"operation":"download"}')
  );
}

function canonicalOf(decision: Decision): string {
  const strict =
    decision.kind === 'allow'
      ? decision.authenticated.admitted.path?.strict
      : decision.kind === 'pass'
        ? decision.admitted.path?.strict
        : undefined;
  return strict?.ok === true ? strict.canonical : '';
}

describe('properties of the decision', () => {
  it('R03, R06, R12, R13, R14: a read-only token never gets a write through but by a named exception', async () => {
    let letThrough = 0;
    let exceptions = 0;
    await fc.assert(
      fc.asyncProperty(
        rowsWith(requestWith(fc.constantFrom(basicToken('alice', 'ro'), bearerToken('ro')))),
        async (row) => {
          const decision = await decideCase(row);
          expect(decision.kind).not.toBe('pass');
          if (decision.kind !== 'allow') return;
          const canonical = canonicalOf(decision);
          letThrough += 1;
          if (!READS.includes(row.request.method ?? '')) {
            exceptions += 1;
            expect(isNamedException(row, canonical)).toBe(true);
          }
          for (const name of overridesOf(row.request)) expect(READS).toContain(name);
          if ((row.application as CaseApplication).kind === 'bitbucket') {
            expect(canonical).not.toMatch(/^\/scm\/.*\/git-receive-pack(\/|$)/);
            const isAdvertisement = row.request.method !== 'OPTIONS' && row.request.path.endsWith('/info/refs');
            if (isAdvertisement) expect(row.request.query).toBe('service=git-upload-pack');
          }
        },
      ),
      { numRuns: 5_000 },
    );
    // The property says something only about what is let through.
    expect(letThrough).toBeGreaterThan(100);
    expect(exceptions).toBeGreaterThan(5);
  });

  it('R36: a secret in Scopegate’s format is never passed on as a password, wherever it stands', async () => {
    const places: fc.Arbitrary<Partial<CaseRequest>> = fc.constantFrom(
      { credential: basicToken('alice', 'ro') },
      { credential: password('alice', 'sg_') },
      { credential: password('<ro>', 'x') },
      { credential: bearerToken('ro') },
      { credential: authorization('Token <ro>') },
      { credential: authorization('<ro>') },
      { method: 'POST', path: '/rest/auth/1/session', body: '{"username":"alice","password":"<ro>"}' },
      { method: 'POST', path: '/rest/auth/latest/session', body: '{"password":"<rw>"}' },
      { method: 'POST', path: '/rest/auth/1/session', body: 'username=alice&password=<ro>' },
      { query: 'os_username=alice&os_password=<ro>' },
      { query: 'os_password=x&os_password=<ro>' },
    );
    await fc.assert(
      fc.asyncProperty(rowsWith(requestWith(credential)), places, async (row, place) => {
        const isJira = place.query !== undefined || place.body !== undefined;
        const decision = await decideCase({
          ...row,
          ...(isJira ? { application: { ...(row.application as CaseApplication), kind: 'jira' as const } } : {}),
          request: { ...row.request, ...place },
        });
        expect(decision.kind).not.toBe('pass');
      }),
      { numRuns: 3_000 },
    );
  });

  it('R48: the judged path has one reading, and is the one that is forwarded', async () => {
    const upstream = parseUpstream('http://127.0.0.1:8080/base');
    if (!upstream.ok) throw new Error(upstream.message);
    await fc.assert(
      fc.asyncProperty(
        rowsWith(requestWith(fc.constantFrom(basicToken('alice', 'rw'), bearerToken('rw')))),
        async (row) => {
          const decision = await decideCase(row);
          if (decision.kind !== 'allow') return;
          const { path: judged, application: rules } = decision.authenticated.admitted;
          if (judged?.strict.ok !== true || rules === null) throw new Error('An allowed request has one path.');
          const { canonical } = judged.strict;
          expect(judgeRequestPath(canonical, rules)?.strict).toEqual(judged.strict);
          const target = forwardedPath(upstream.target, canonical, row.request.query ?? null);
          expect(parseTarget(target)).toEqual({
            ok: true,
            authority: null,
            rawPath: `/base${canonical}`,
            query: row.request.query ?? null,
          });
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('R61: every request gets a decision, and no refusal shows a secret', async () => {
    await fc.assert(
      fc.asyncProperty(rowsWith(requestWith(credential)), async (row) => {
        const decision = await decideCase(row);
        if (decision.kind !== 'deny') return;
        expect(REASONS[decision.code].status).toBeGreaterThanOrEqual(400);
        expect(decision.detail).not.toContain('sg_');
        expect(decision.detail).not.toContain('hunter2');
      }),
      { numRuns: 3_000 },
    );
  });
});

/** One thing wrong with a request, for each stage that can refuse it. */
const FAULTS = [
  'form',
  'path',
  'native-management',
  'blocked-path',
  'credential',
  'address',
  'token',
  'path-kind',
  'permission',
  'scope',
  'destination',
  'upstream-credential',
] as const satisfies readonly Stage[];

/** A request with all of these faults at once. */
function faulty(faults: ReadonlySet<Stage>): AccessCase {
  const plainPath = faults.has('native-management') ? '/rest/pat/latest/tokens' : '/rest/api/2/issue';
  return {
    name: 'several faults',
    requirement: 'R03',
    application: {
      kind: 'jira',
      nativeTokensDisabled: true,
      exceptions: [{ method: 'COPY', path: '/rest/**' }],
      deposit: faults.has('upstream-credential') ? 'missing' : 'working',
      blockedPaths: faults.has('blocked-path') ? [{ path: '/rest/**' }] : [],
    },
    settings: { passwordsEnabled: false, preventPathTraversal: true, allowList: ['192.0.2.0/24'] },
    permissions: { useTokens: { everyone: !faults.has('permission'), groups: [] } },
    tokens: {
      faulty: {
        scope: 'read-only',
        revoked: faults.has('token'),
        applications: faults.has('path-kind') ? ['other'] : ['this'],
      },
    },
    request: {
      method: faults.has('scope') ? 'POST' : faults.has('destination') ? 'COPY' : 'GET',
      path: faults.has('path') ? `${plainPath}/./x` : plainPath,
      credential: faults.has('credential') ? authorization('Basic !!!!') : basicToken('alice', 'faulty'),
      headers: [
        ...(faults.has('form') ? [['Host', 'elsewhere.example'] as const] : []),
        ...(faults.has('destination') ? [['Destination', '/elsewhere'] as const] : []),
      ],
      peer: faults.has('address') ? '198.51.100.7' : '192.0.2.7',
    },
    expect: letIn(200),
  };
}

describe('the order of judgement', () => {
  it('R55: where several reasons hold, the first stage that refuses answers, in every combination', async () => {
    expect(FAULTS).toEqual(STAGES);
    for (let combination = 0; combination < 2 ** FAULTS.length; combination += 1) {
      const faults = FAULTS.filter((_fault, index) => (combination & (1 << index)) !== 0);
      const decision = await decideCase(faulty(new Set(faults)));
      expect(decision.kind === 'deny' ? stageOf(decision) : decision.kind, faults.join(' + ')).toBe(
        faults[0] ?? 'allow',
      );
    }
  });
});
