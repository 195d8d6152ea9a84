import type { ApplicationKind } from '@scopegate/product';
import {
  allowed,
  bearerToken,
  denied,
  type AccessCase,
  type CaseApplication,
  type CaseExpectation,
} from './access-case.js';

const AMBIGUOUS = denied('credential_ambiguous', 400, { detail: 'Leave it out' });

/** A credential that cannot be read is recorded as none. */
const AMBIGUOUS_FIELD = denied('credential_ambiguous', 400, { detail: 'Leave it out', credential: 'none' });

/** What these products prefer to the credential of a request. */
const FIELDS: readonly (readonly [ApplicationKind, string])[] = [
  ['gitlab', 'sudo=root'],
  ['gitlab', 'a=1&sudo=root'],
  ['gitlab', 'a=1;sudo=root'],
  ['gitlab', 's%75do=root'],
  ['gitlab', '%73%55DO=root'],
  ['gitlab', 'sudo[]=root'],
  ['gitlab', 'sudo'],
  ['gitlab', 'private_token=glpat-x'],
  ['gitlab', 'private%5Ftoken=glpat-x'],
  ['gitlab', 'job_token=x'],
  ['gitea', 'sudo=root'],
  ['gitea', 'access_token=x'],
  ['gitea', 'token=x'],
  ['redmine', 'key=0123456789'],
  ['redmine', 'k%65y=0123456789'],
];

const JSON_TYPE = ['Content-Type', 'application/json'] as const;
const FORM_TYPE = ['Content-Type', 'application/x-www-form-urlencoded'] as const;
const ACTING: CaseApplication = { kind: 'gitlab', actsForUsers: true };

/** Bodies to a service account that acts for users. */
const BODIES: readonly (readonly [string, readonly (readonly [string, string])[], string, CaseExpectation])[] = [
  ['a member of JSON', [JSON_TYPE], '{"title":"x","sudo":"root"}', AMBIGUOUS],
  ['a member with an escape', [JSON_TYPE], String.raw`{"s\u0075do":"root"}`, AMBIGUOUS],
  ['JSON of a type of its own', [['Content-Type', 'application/vnd.x+json']], '{"sudo":"root"}', AMBIGUOUS],
  ['JSON without a known type', [['Content-Type', 'text']], '{"sudo":"root"}', AMBIGUOUS],
  ['a form without a known type', [['Content-Type', 'text']], 'title=x&sudo=root', AMBIGUOUS],
  ['a form', [FORM_TYPE], 'title=x&sudo=root', AMBIGUOUS],
  ['a form after 64 KiB of others', [FORM_TYPE], `title=${'x'.repeat(70_000)}&sudo=root`, AMBIGUOUS],
  ['JSON that is none', [JSON_TYPE], '{"sudo":"root"', denied('credential_ambiguous', 400, { detail: 'JSON' })],
  [
    'a compressed body',
    [JSON_TYPE, ['Content-Encoding', 'gzip']],
    'x',
    denied('credential_ambiguous', 400, { detail: 'uncompressed' }),
  ],
  [
    'a multipart body',
    [['Content-Type', 'multipart/form-data; boundary=x']],
    '--x\r\nContent-Disposition: form-data; name="sudo"\r\n\r\nroot\r\n--x--\r\n',
    AMBIGUOUS,
  ],
  ['a member below', [JSON_TYPE], '{"title":"sudo","variables":[{"sudo":"x"}]}', allowed()],
  ['a file', [['Content-Type', 'application/octet-stream']], '{"sudo":"root"}', allowed()],
  ['a form with other fields', [FORM_TYPE], 'title=sudo&pseudo=1', allowed()],
];

/** A product would take the request for one of another user (R67). */
export const OTHER_IDENTITY_CASES: readonly AccessCase[] = [
  ...FIELDS.flatMap(([kind, query]): AccessCase[] => [
    {
      name: `${kind} gets no ${query} in a query beside a token`,
      requirement: ['R67', 'R71'],
      application: { kind },
      request: { path: '/api/v4/projects', query, credential: bearerToken('rw') },
      expect: AMBIGUOUS_FIELD,
    },
    {
      name: `${kind} gets no ${query} in a form beside a token`,
      requirement: ['R67', 'R71'],
      application: { kind },
      request: {
        method: 'POST',
        path: '/api/v4/projects',
        headers: [FORM_TYPE],
        body: query,
        credential: bearerToken('rw'),
      },
      expect: AMBIGUOUS_FIELD,
    },
  ]),
  {
    name: 'the fields of one product mean nothing to another one',
    requirement: 'R67',
    application: { kind: 'generic' },
    request: { path: '/x', query: 'sudo=root&key=7', credential: bearerToken('ro') },
    expect: allowed(),
  },
  ...['pseudo=1', 'sudoku=1', 'a=sudo=root'].map((query): AccessCase => ({
    name: `${query} names no user`,
    requirement: 'R67',
    application: { kind: 'gitlab' },
    request: { path: '/api/v4/projects', query, credential: bearerToken('ro') },
    expect: allowed(),
  })),
  ...(['gitlab', 'gitea', 'redmine'] as const).map((kind): AccessCase => ({
    name: `the header in which ${kind} takes a user to act for is removed beside a token`,
    requirement: 'R67',
    application: { kind },
    request: {
      path: '/x',
      headers: [
        ['Sudo', 'root'],
        ['X-Redmine-Switch-User', 'root'],
      ],
      credential: bearerToken('ro'),
    },
    expect: allowed({ lacksHeaders: [kind === 'redmine' ? 'x-redmine-switch-user' : 'sudo'] }),
  })),
  ...BODIES.map(([what, headers, body, expect]): AccessCase => ({
    name: `a service account that acts for users: ${what}`,
    requirement: 'R71',
    application: ACTING,
    request: { method: 'POST', path: '/api/v4/projects/1/issues', headers, body, credential: bearerToken('rw') },
    expect,
  })),
  {
    name: 'without such a header, bodies are not searched for users',
    requirement: 'R71',
    application: { kind: 'gitlab' },
    request: {
      method: 'POST',
      path: '/api/v4/projects/1/issues',
      headers: [JSON_TYPE],
      body: '{"sudo":"root"}',
      credential: bearerToken('rw'),
    },
    expect: allowed(),
  },
];
