import {
  allowed,
  basicToken,
  bearerToken,
  denied,
  invalid,
  passed,
  password,
  type AccessCase,
  type CaseApplication,
  type CaseExpectation,
} from './access-case.js';

const BOARD: CaseApplication = {
  kind: 'generic',
  cors: { origins: ['https://board.test', 'https://board.test:8443'], headers: ['X-Board'] },
};
const OPEN: CaseApplication = { kind: 'generic', cors: { origins: ['*'], headers: [] } };
const ANONYMOUS: CaseApplication = { ...BOARD, kind: 'jira' };

/** The gateway answers it, and nothing goes upstream. */
const ANSWERED: CaseExpectation = { decision: 'pass', upstream: { receives: false }, status: 204 };

const REFUSED = denied('authentication_required', 401);

const METHOD = ['Access-Control-Request-Method', 'POST'] as const;
const ORIGIN = ['Origin', 'https://board.test'] as const;

/** Pages of other origins (R122). */
export const CORS_CASES: readonly AccessCase[] = [
  ...(
    [
      ['a listed origin', BOARD, 'https://board.test', ANSWERED],
      ['a listed origin with a port', BOARD, 'https://board.test:8443', ANSWERED],
      ['a listed origin, of an application for people', ANONYMOUS, 'https://board.test', ANSWERED],
      ['an origin, where every origin is listed', OPEN, 'https://any.test', ANSWERED],
      ['another scheme', BOARD, 'http://board.test', REFUSED],
      ['another port', BOARD, 'https://board.test:8444', REFUSED],
      ['a longer name', BOARD, 'https://board.test.evil.test', REFUSED],
      ['a name below', BOARD, 'https://x.board.test', REFUSED],
      ['a sandbox', BOARD, 'null', REFUSED],
      ['another origin, of an application for people', ANONYMOUS, 'https://evil.test', passed()],
      ['a listed origin, without a list', { kind: 'generic' }, 'https://board.test', REFUSED],
    ] as const
  ).map(([name, application, origin, expect]): AccessCase => ({
    name: `a preflight of ${name}`,
    requirement: 'R122',
    application,
    request: { method: 'OPTIONS', path: '/rest/x', headers: [['Origin', origin], METHOD] },
    expect,
    // Only the gateway answers a preflight itself.
    ...(expect === ANSWERED && application.kind === 'generic' ? { atDoor: REFUSED } : {}),
  })),
  ...(
    [
      ['the origin twice', [ORIGIN, ORIGIN, METHOD]],
      ['no requested method', [ORIGIN]],
      ['no origin', [METHOD]],
      ['two requested methods', [ORIGIN, METHOD, METHOD]],
      ['a requested method that is none', [ORIGIN, ['Access-Control-Request-Method', 'a, b']]],
    ] as const
  ).map(([name, headers]): AccessCase => ({
    name: `OPTIONS with ${name} is no preflight`,
    requirement: 'R122',
    application: BOARD,
    request: { method: 'OPTIONS', path: '/x', headers },
    expect: REFUSED,
  })),
  {
    name: 'another method is no preflight',
    requirement: 'R122',
    application: BOARD,
    request: { method: 'POST', path: '/x', headers: [ORIGIN, METHOD] },
    expect: REFUSED,
  },
  {
    name: 'a preflight with a token is judged as any other request',
    requirement: 'R122',
    application: BOARD,
    request: { method: 'OPTIONS', path: '/x', headers: [ORIGIN, METHOD], credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'a preflight with an unknown token is refused',
    requirement: 'R122',
    application: BOARD,
    tokens: { gone: { scope: 'read-only', unknown: true } },
    request: { method: 'OPTIONS', path: '/x', headers: [ORIGIN, METHOD], credential: basicToken('alice', 'gone') },
    expect: invalid('token_unknown'),
  },
  {
    name: 'a preflight with a password goes on',
    requirement: 'R122',
    application: ANONYMOUS,
    request: { method: 'OPTIONS', path: '/rest/x', headers: [ORIGIN, METHOD], credential: password('bob', 'secret') },
    expect: passed(),
  },
];
