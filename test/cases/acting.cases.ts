import {
  allowed,
  bearerToken,
  cookie,
  denied,
  type AccessCase,
  type CaseApplication,
  MALFORMED_AT_DOOR,
} from './access-case.js';

/** A service account that acts for the users. The second header shows the user to the table. */
const service = (kind: CaseApplication['kind'], credential: string, actAs: string): CaseApplication => ({
  kind,
  identity: {
    mode: 'credential',
    perUser: false,
    service: { type: 'header', header: credential, secret: 'a-secret-of-the-service-account' },
    headers: { [actAs]: '{username}', 'X-Forwarded-User': '{username}' },
  },
});

const GITLAB = service('gitlab', 'PRIVATE-TOKEN', 'Sudo');
const GITEA = service('gitea', 'X-Token', 'Sudo');
const REDMINE = service('redmine', 'X-Redmine-API-Key', 'X-Redmine-Switch-User');
const GENERIC = service('generic', 'X-Service-Key', 'X-Act-As');

const NAMES = { gitlab: 'GitLab', gitea: 'Gitea', redmine: 'Redmine', generic: 'another application' } as const;
const nameOf = ({ kind }: CaseApplication): string => NAMES[kind as keyof typeof NAMES];

const READ = { path: '/api/v4/projects', credential: bearerToken('ro') } as const;
const WRITE = { path: '/issues', method: 'POST', credential: bearerToken('rw') } as const;

const AMBIGUOUS = denied('credential_ambiguous', 400, { credential: 'none', detail: 'could make another user act' });
const BODY_AMBIGUOUS = denied('credential_ambiguous', 400, {
  credential: 'bearer-token',
  detail: 'could make another user act',
});
const BODY_UNREADABLE = denied('credential_ambiguous', 400, {
  credential: 'bearer-token',
  detail: 'cannot search this body',
});

const QUERIES: readonly (readonly [CaseApplication, string])[] = [
  [GITLAB, 'sudo=root'],
  [GITLAB, 'per_page=1&sudo=root'],
  [GITLAB, 'per_page=1;sudo=root'],
  [GITLAB, '%73udo=root'],
  [GITLAB, 's%75d%6F=root'],
  [GITLAB, 'SUDO=root'],
  [GITLAB, 'sudo[]=root'],
  [GITLAB, 'sudo%5B%5D=root'],
  [GITLAB, 'sudo[x]=root'],
  [GITLAB, '[sudo]=root'],
  [GITLAB, '%5Bsudo%5D=root'],
  [GITLAB, '[[sudo=root'],
  [GITLAB, ']sudo=root'],
  [GITLAB, '+sudo=root'],
  [GITLAB, '%20sudo=root'],
  [GITLAB, 'sudo%00x=root'],
  [GITLAB, 'sudo'],
  [GITLAB, '?sudo=root&sudo=alice'],
  [GITLAB, 'private_token=glpat-1'],
  [GITLAB, 'private-token=glpat-1'],
  [GITLAB, 'access_token=x'],
  [GITLAB, 'bearer_token=x'],
  [GITLAB, 'job_token=x'],
  [GITEA, 'sudo=root'],
  [GITEA, 'token=x'],
  [GITEA, 'access_token=x'],
  [REDMINE, 'key=0123456789'],
  [REDMINE, 'k%65y=0123456789'],
  [REDMINE, 'x-redmine-api-key=x'],
  [REDMINE, 'access_token=x'],
  [GENERIC, 'x-act-as=root'],
  [GENERIC, 'X.Act.As=root'],
  [GENERIC, 'x_service_key=x'],
  [GENERIC, 'access_token=x'],
];

const HARMLESS: readonly (readonly [CaseApplication, string])[] = [
  [GITLAB, 'search=sudo&sudoku=1&key=a&token=b'],
  [GITLAB, 'search=a%26sudo=root'],
  [REDMINE, 'sudo=1&keyword=x&sort=key&set_filter=1&f[]=key'],
  [GENERIC, 'sudo=1&key=2'],
];

type Header = readonly [string, string];

/** Not a media type, so readers guess. */
const NO_TYPE: Header = ['Content-Type', 'none'];
const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const;
const JSON_TYPE = ['Content-Type', 'application/json'] as const;
const MULTIPART = ['Content-Type', 'multipart/form-data; boundary=abc123'] as const;

const multipart = (head: string): string => `--abc123\r\n${head}\r\n\r\nroot\r\n--abc123--\r\n`;
const field = (name: string): string => multipart(`Content-Disposition: form-data; name="${name}"`);

const BODIES: readonly (readonly [CaseApplication, Header, string])[] = [
  [GITLAB, JSON_TYPE, '{"title":"x","sudo":"root"}'],
  [GITLAB, JSON_TYPE, '{"title":"x","\\u0073udo":"root"}'],
  [GITLAB, JSON_TYPE, '{"sudo":{"a":1}}'],
  [GITLAB, ['Content-Type', 'application/vnd.api+json'], '{"private_token":"x"}'],
  [GITLAB, ['Content-Type', 'application/jsonrequest'], '{"sudo":"root"}'],
  [GITLAB, FORM, 'title=x&sudo=root'],
  [GITLAB, FORM, 'title=x&%5Bsudo%5D=root'],
  [GITLAB, MULTIPART, field('sudo')],
  [GITLAB, MULTIPART, field('[sudo]')],
  [GITLAB, NO_TYPE, 'title=x&sudo=root'],
  [GITLAB, NO_TYPE, '{"sudo":"root"}'],
  [GITEA, FORM, 'sudo=root'],
  [GITEA, FORM, 'token=x'],
  [GITEA, MULTIPART, field('sudo')],
  [REDMINE, JSON_TYPE, '{"issue":{"subject":"x"},"key":"0123456789"}'],
  [REDMINE, ['Content-Type', 'application/xml'], '<?xml version="1.0"?><!-- a --><key>0123456789</key>'],
  [REDMINE, ['Content-Type', 'text/xml'], '<key type="string">0123456789</key>'],
  [REDMINE, FORM, 'key=0123456789'],
  [GENERIC, JSON_TYPE, '{"x_act_as":"root"}'],
];

const UNREADABLE: readonly (readonly [CaseApplication, readonly Header[], string])[] = [
  [GITLAB, [JSON_TYPE], '{"title":"x",/* */"sudo":"root"}'],
  [GITLAB, [JSON_TYPE], '{"title":"x"'],
  [GITLAB, [FORM], `${'sudoku=1&'.repeat(101)}sudo=root`],
  [GITLAB, [JSON_TYPE, ['Content-Encoding', 'gzip']], '{"title":"x"}'],
  [GITLAB, [['Content-Type', 'application/json; charset=utf-16']], '{"title":"x"}'],
  [GITLAB, [MULTIPART], multipart('Content-Disposition: form-data; name=sudo')],
  [GITEA, [MULTIPART], multipart('Content-Disposition: form-data; name*0=su; name*1=do')],
  [REDMINE, [['Content-Type', 'application/xml']], '<?xml version="1.0" encoding="utf-7"?><issue/>'],
];

const HARMLESS_BODIES: readonly (readonly [CaseApplication, Header, string])[] = [
  [GITLAB, JSON_TYPE, '{"title":"sudo","user":{"sudo":"root"},"key":"K","value":"v"}'],
  [GITLAB, JSON_TYPE, '[{"sudo":"root"}]'],
  [GITLAB, FORM, 'title=sudo&description=a%26sudo=root'],
  [GITLAB, MULTIPART, multipart('Content-Disposition: form-data; name="file"; filename="sudo"')],
  [GITLAB, ['Content-Type', 'application/octet-stream'], 'sudo=root'],
  [REDMINE, JSON_TYPE, '{"issue":{"subject":"key","custom_fields":[{"key":"a"}]}}'],
  [REDMINE, ['Content-Type', 'application/xml'], '<issue><subject>key</subject></issue>'],
];

const HEADERS: readonly (readonly [CaseApplication, actAs: string, names: readonly string[]])[] = [
  [GITLAB, 'Sudo', ['Job-Token', 'Deploy_Token', 'PRIVATE_TOKEN']],
  [GITEA, 'Sudo', ['X-WEBAUTH-USER']],
  [REDMINE, 'X-Redmine-Switch-User', ['X_Redmine_Switch_User', 'x.redmine.api.key']],
  [GENERIC, 'X-Act-As', ['X_Act_As', 'X.Service.Key']],
];

/** A token request acts for its owner, whatever else it says (R71). */
export const ACTING_CASES: readonly AccessCase[] = [
  ...QUERIES.map(([application, query]): AccessCase => ({
    name: `${nameOf(application)} gets no query ${query} that changes who acts`,
    requirement: 'R71',
    application,
    request: { ...READ, query },
    expect: AMBIGUOUS,
  })),
  ...HARMLESS.map(([application, query]): AccessCase => ({
    name: `${nameOf(application)} gets the query ${query}`,
    requirement: 'R71',
    application,
    request: { ...READ, query },
    expect: allowed(),
  })),
  ...BODIES.map(([application, type, body]): AccessCase => ({
    name: `${nameOf(application)} gets no body ${JSON.stringify(body)} of ${type[1]}`,
    requirement: 'R71',
    application,
    request: { ...WRITE, headers: [type], body },
    expect: BODY_AMBIGUOUS,
  })),
  ...UNREADABLE.map(([application, headers, body]): AccessCase => ({
    name: `${nameOf(application)} gets no body ${JSON.stringify(body)} of ${headers.join()}, which readers differ in`,
    requirement: 'R71',
    application,
    request: { ...WRITE, headers, body },
    expect: BODY_UNREADABLE,
  })),
  ...HARMLESS_BODIES.map(([application, type, body]): AccessCase => ({
    name: `${nameOf(application)} gets the body ${JSON.stringify(body)} of ${type[1]}`,
    requirement: 'R71',
    application,
    request: { ...WRITE, headers: [type], body },
    expect: allowed(),
  })),
  ...HEADERS.map(([application, actAs, names]): AccessCase => ({
    name: `${nameOf(application)} gets no header ${names.join(', ')} of a client that names another user`,
    requirement: 'R71',
    application,
    request: { ...READ, headers: [actAs, ...names].map((name) => [name, 'root'] as const) },
    // The gateway's own line alone.
    expect: allowed({ headers: [[actAs, 'alice']], lacksHeaders: names.map((name) => name.toLowerCase()) }),
    ...(names.some((name) => /[_.]/.test(name)) ? { atDoor: MALFORMED_AT_DOOR } : {}),
  })),
  {
    name: 'a session of a token may not name another user either',
    requirement: ['R11', 'R71'],
    application: GITLAB,
    request: { path: '/api/v4/projects', query: 'sudo=root', session: 'ro', sessionCookie: '_gitlab_session=<cookie>' },
    expect: AMBIGUOUS,
  },
  {
    name: 'a request without a token is not ours to judge: no credential of the gateway goes with it',
    requirement: 'R71',
    application: { ...GITLAB, anonymous: 'allow' },
    request: { path: '/api/v4/projects', query: 'private_token=glpat-1', credential: cookie() },
    expect: { decision: 'pass', upstream: { receives: true, lacksHeaders: ['private-token', 'sudo'] } },
  },
  {
    name: 'a deposit is not replaced by a parameter of the query',
    requirement: 'R71',
    application: { kind: 'gitlab', deposit: 'working' },
    request: { ...READ, query: 'private_token=glpat-1' },
    expect: AMBIGUOUS,
    notProxied: 'The state of a deposit comes from the answers of the upstream.',
  },
];
