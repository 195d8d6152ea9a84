import { allowed, basicToken, denied, type AccessCase } from './access-case.js';

const BITBUCKET = { kind: 'bitbucket' } as const;
const REPOSITORY = '/scm/app/server.git';
const READ = basicToken('alice', 'ro');
const NO_SCOPE = denied('scope_insufficient', 403);

/** Git over HTTP (R14). */
export const GIT_CASES: readonly AccessCase[] = [
  {
    name: 'the advertisement of a fetch is a read',
    requirement: 'R14',
    application: BITBUCKET,
    request: { path: `${REPOSITORY}/info/refs`, query: 'service=git-upload-pack', credential: READ },
    expect: allowed(),
  },
  {
    name: 'fetching is a read, though by POST',
    requirement: 'R14',
    application: BITBUCKET,
    request: {
      method: 'POST',
      path: `${REPOSITORY}/git-upload-pack`,
      credential: READ,
      headers: [['Content-Type', 'application/x-git-upload-pack-request']],
      body: '0000',
    },
    expect: allowed(),
  },
  {
    name: 'a fetch with an overriding header is no read',
    requirement: ['R12', 'R14'],
    application: BITBUCKET,
    request: {
      method: 'POST',
      path: `${REPOSITORY}/git-upload-pack`,
      credential: READ,
      headers: [
        ['Content-Type', 'application/x-git-upload-pack-request'],
        ['X-HTTP-Verb', 'PUT'],
      ],
      body: '0000',
    },
    expect: NO_SCOPE,
  },
  {
    name: 'the advertisement of a push is a write, though by GET',
    requirement: 'R14',
    application: BITBUCKET,
    request: { path: `${REPOSITORY}/info/refs`, query: 'service=git-receive-pack', credential: READ },
    expect: NO_SCOPE,
  },
  ...(
    [
      ['GET', '/scm/app/server.git/info/%EF%BD%92efs', 'service=git-receive-pack'],
      ['POST', '/scm/app/server.git/git-%EF%BD%92eceive-pack', undefined],
    ] as const
  ).map(([method, path, query]): AccessCase => ({
    name: `${method} ${path} counts as a push, since it is one in some reading`,
    requirement: ['R13', 'R14'],
    application: { kind: 'bitbucket', exceptions: [{ method: 'POST', path: '/scm/**' }] },
    request: { method, path, ...(query === undefined ? {} : { query }), credential: READ },
    expect: NO_SCOPE,
  })),
  ...['service=git-upload-pack&service=git-receive-pack', 'service=git%2Dreceive-pack', 'x=1'].map(
    (query): AccessCase => ({
      name: `an advertisement with the query ${query} counts as a push`,
      requirement: 'R14',
      application: BITBUCKET,
      request: { path: `${REPOSITORY}/info/refs`, query, credential: READ },
      expect: NO_SCOPE,
    }),
  ),
  {
    name: 'pushing is a write',
    requirement: 'R14',
    application: BITBUCKET,
    request: { method: 'POST', path: `${REPOSITORY}/git-receive-pack`, credential: READ, body: '0000' },
    expect: NO_SCOPE,
  },
  {
    name: 'an exception over /scm/ does not open pushing',
    requirement: ['R13', 'R14'],
    application: { kind: 'bitbucket', exceptions: [{ method: 'POST', path: '/scm/**' }] },
    request: { method: 'POST', path: `${REPOSITORY}/git-receive-pack`, credential: READ, body: '0000' },
    expect: NO_SCOPE,
  },
  {
    name: 'a read-write token pushes',
    requirement: ['R07', 'R14'],
    application: BITBUCKET,
    request: {
      method: 'POST',
      path: `${REPOSITORY}/git-receive-pack`,
      credential: basicToken('alice', 'rw'),
      body: '0000',
    },
    expect: allowed(),
  },
  {
    name: 'an LFS batch that downloads is a read',
    requirement: 'R14',
    application: BITBUCKET,
    request: {
      method: 'POST',
      path: `${REPOSITORY}/info/lfs/objects/batch`,
      credential: READ,
      body: '{"operation":"download","objects":[]}',
    },
    expect: allowed(),
  },
  ...[
    '{"operation":"upload","objects":[]}',
    '{"operation":"download","operation":"upload"}',
    '{"Operation":"upload","operation":"download"}',
    '{"objects":[]}',
    '{"operation":"download","_method":"PUT"}',
    'operation=download',
  ].map((body): AccessCase => ({
    name: `the LFS batch ${body} is a write`,
    requirement: 'R14',
    application: BITBUCKET,
    request: { method: 'POST', path: `${REPOSITORY}/info/lfs/objects/batch`, credential: READ, body },
    expect: NO_SCOPE,
  })),
  {
    name: 'an LFS batch that uploads goes on with a read-write token, byte for byte',
    requirement: ['R07', 'R14'],
    application: BITBUCKET,
    request: {
      method: 'POST',
      path: `${REPOSITORY}/info/lfs/objects/batch`,
      credential: basicToken('alice', 'rw'),
      body: '{"operation":"upload","objects":[]}',
    },
    expect: allowed(),
  },
  {
    name: 'a path of git on another kind of application is no fetch',
    requirement: 'R14',
    application: { kind: 'generic' },
    request: { method: 'POST', path: `${REPOSITORY}/git-upload-pack`, credential: READ },
    expect: NO_SCOPE,
  },
];
