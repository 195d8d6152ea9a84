import {
  allowed,
  bearerToken,
  cookie,
  denied,
  passed,
  password,
  type AccessCase,
  type CaseApplication,
} from './access-case.js';

const FOLDER: CaseApplication = {
  kind: 'generic',
  anonymous: 'allow',
  blockedPaths: [{ method: 'GET', path: '/keys/*' }],
};
const OWN = 'http://<host><mount>';
const REFUSED = denied('destination_not_allowed', 403);
const MALFORMED = denied('destination_malformed', 400, { publicCode: 'request_malformed' });

function copying(destination: string, more: Partial<AccessCase['request']> = {}): AccessCase['request'] {
  return {
    method: 'COPY',
    path: '/rest/a',
    credential: bearerToken('rw'),
    headers: [['Destination', destination]],
    ...more,
  };
}

function inside(path: string): AccessCase['expect'] {
  return allowed({ headers: [['destination', `<upstream>${path}`]] });
}

/** What COPY and MOVE name besides the path (R115). */
export const DESTINATION_CASES: readonly AccessCase[] = [
  ...(['COPY', 'MOVE'] as const).flatMap((method): AccessCase[] => [
    {
      name: `${method} to a path of the application goes to that path of the upstream`,
      requirement: 'R115',
      application: FOLDER,
      request: copying(`${OWN}/b/c%20d`, { method }),
      expect: inside('/b/c%20d'),
    },
    {
      name: `${method} to another server is refused`,
      requirement: 'R115',
      application: FOLDER,
      request: copying('http://elsewhere.example<mount>/b', { method }),
      expect: REFUSED,
    },
  ]),
  ...(
    [
      ['a path from the root', '<mount>/b', '/b'],
      ['https, which a proxy can speak', 'https://<host><mount>/b', '/b'],
      ['the path in another spelling', `${OWN}/%62/%c3%a9`, '/%62/%c3%a9'],
      ['capital letters in the scheme', 'HTTP://<host><mount>/b', '/b'],
    ] as const
  ).map(([name, destination, path]): AccessCase => ({
    name: `COPY with ${name} goes to the same path of the upstream`,
    requirement: 'R115',
    application: FOLDER,
    request: copying(destination),
    expect: inside(path),
  })),
  ...(
    [
      ['outside of the mount', 'http://<host>/elsewhere/b'],
      ['beside the mount', 'http://<host><mount>x/b'],
      ['at another port', 'http://127.0.0.1:1<mount>/b'],
      ['with dot segments', `${OWN}/../elsewhere/b`],
      ['with encoded dot segments', `${OWN}/b/%2e%2e/%2e%2e/x`],
      ['with an encoded slash and dots', `${OWN}/b/..%2f..%2fx`],
      ['that is blocked', `${OWN}/keys/1`],
      ['that is blocked in one reading', `${OWN}/keys%2F1`],
      ['with a blocked path below it', `${OWN}/keys`],
    ] as const
  ).map(([name, destination]): AccessCase => ({
    name: `COPY to a destination ${name} is refused`,
    requirement: 'R115',
    application: FOLDER,
    request: copying(destination),
    expect: REFUSED,
  })),
  ...(
    [
      ['no text at all', ''],
      ['no address', 'b'],
      ['an address without a scheme', '//<host><mount>/b'],
      ['an address of another scheme', 'ftp://<host><mount>/b'],
      ['an address with a user', 'http://a:b@<host><mount>/b'],
      ['an address with a query', `${OWN}/b?x=1`],
      ['an address with a fragment', `${OWN}/b#x`],
      ['a list', `${OWN}/b, ${OWN}/c`],
      ['an address with backslashes', String.raw`http:\\<host><mount>/b`],
    ] as const
  ).map(([name, destination]): AccessCase => ({
    name: `COPY to ${name} is malformed`,
    requirement: 'R115',
    application: FOLDER,
    request: copying(destination),
    expect: MALFORMED,
  })),
  {
    name: 'COPY with two destinations is malformed',
    requirement: 'R115',
    application: FOLDER,
    request: copying('', {
      headers: [
        ['Destination', '<mount>/b'],
        ['destination', '<mount>/b'],
      ],
    }),
    expect: MALFORMED,
  },
  {
    name: 'COPY in an application that a Tomcat serves goes to the canonical path',
    requirement: ['R48', 'R115'],
    application: { kind: 'jira' },
    request: copying(`${OWN}//rest/%62/%c3%a9`),
    expect: inside('/rest/b/%C3%A9'),
  },
  {
    name: 'a token does not move a REST path to another kind of path',
    requirement: 'R115',
    application: { kind: 'jira' },
    request: copying('<mount>/secure/b', { method: 'MOVE' }),
    expect: REFUSED,
  },
  {
    name: 'a token does not copy to the management of the product’s own tokens',
    requirement: ['R53', 'R115'],
    application: { kind: 'jira', nativeTokensDisabled: true },
    request: copying('<mount>/rest/pat/latest/tokens'),
    expect: REFUSED,
  },
  {
    name: 'a read-only token does not copy',
    requirement: ['R03', 'R115'],
    application: FOLDER,
    request: copying('<mount>/b', { credential: bearerToken('ro') }),
    expect: denied('scope_insufficient', 403),
  },
  ...(
    [
      ['/keys/1', 'a blocked path'],
      ['/keys', 'a tree with a blocked path'],
      ['/', 'everything'],
    ] as const
  ).map(([path, name]): AccessCase => ({
    name: `COPY of ${name} is blocked, as a read of it is`,
    requirement: ['R115', 'R124'],
    application: FOLDER,
    request: copying('<mount>/b', { path }),
    expect: denied('path_blocked', 403),
  })),
  {
    name: 'COPY is not blocked where a write is blocked below the path',
    requirement: ['R07', 'R124'],
    application: { kind: 'jira' },
    request: copying('<mount>/rest/b', { path: '/rest/api/2/myself' }),
    expect: allowed({ headers: [['destination', '<upstream>/rest/b']] }),
  },
  {
    name: 'a POST that asks to be a MOVE is held to its destination',
    requirement: ['R12', 'R115'],
    application: FOLDER,
    request: copying('', {
      method: 'POST',
      headers: [
        ['X-HTTP-Method-Override', 'MOVE'],
        ['Destination', '/elsewhere'],
      ],
    }),
    expect: REFUSED,
  },
  {
    name: 'a POST that asks in its body to be a MOVE is held to its destination',
    requirement: ['R12', 'R115'],
    application: FOLDER,
    request: copying('/elsewhere', { method: 'POST', body: '{"_method":"move"}' }),
    expect: REFUSED,
  },
  {
    name: 'a multipart POST is held to its destination, because it is not searched',
    requirement: ['R12', 'R115'],
    application: FOLDER,
    request: copying('', {
      method: 'POST',
      headers: [
        ['Content-Type', 'multipart/form-data; boundary=b'],
        ['Destination', '/elsewhere'],
      ],
      body: '--b--',
    }),
    expect: REFUSED,
  },
  {
    name: 'a Destination means nothing to another method',
    requirement: 'R115',
    application: FOLDER,
    request: copying('queue-7', { method: 'POST', body: '{"a":1}' }),
    expect: allowed({ headers: [['destination', 'queue-7']] }),
  },
  ...(
    [
      ['a password', { kind: 'jira' }, password('alice')],
      ['a cookie', FOLDER, cookie()],
    ] as const
  ).flatMap(([name, application, credential]): AccessCase[] => [
    {
      name: `the destination of ${name} is translated`,
      requirement: 'R115',
      application,
      request: copying(`${OWN}/any/b`, { credential }),
      expect: passed({ headers: [['destination', '<upstream>/any/b']] }),
    },
    {
      name: `the destination of ${name} goes on as it is where it is not in the application`,
      requirement: 'R115',
      application,
      request: copying('http://elsewhere.example/b', { credential }),
      expect: passed({ headers: [['destination', 'http://elsewhere.example/b']] }),
    },
  ]),
];
