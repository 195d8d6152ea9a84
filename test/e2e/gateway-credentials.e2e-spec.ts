import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shareGateway } from '../support/gateway-test.js';
import { request, sendRaw, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer } from '../support/scopegate.fixture.js';

interface BasicOutcome {
  readonly result: string;
}

interface BasicCase {
  readonly id: string;
  readonly why: string;
  /** The values of the Authorization lines; one byte a character. */
  readonly authorization: readonly string[];
  readonly expected: BasicOutcome;
  readonly also_ok?: readonly BasicOutcome[];
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../corpora/basic.json'), 'utf8')) as {
  readonly cases: readonly BasicCase[];
};

const HOST = ['Host', 'jira.test'] as const;
const REST = '/rest/api/2/myself';
const PAGE = '/secure/Dashboard.jspa';

const { gateway, upstream } = await shareGateway();
// Many credentials are wrong here on purpose, and all of them come from one address.
await gateway.patchSettings({ throttling: { maxFailures: 0 } });
await gateway.createApplication({ key: 'jira', mount: { host: 'jira.test' }, upstream: upstream.url });
await gateway.createApplication({ kind: 'generic', mount: { host: 'generic.test' }, upstream: upstream.url });
const alice = await gateway.createUser({ username: 'alice' });
const readOnly = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
const readWrite = await gateway.createToken({ owner: 'alice', scope: 'read-write' });

type Lines = readonly (readonly [string, string])[];

function send(target: string, lines: Lines = [], method = 'GET', body?: string): Promise<RawAnswer> {
  const headers = [HOST, ...lines];
  return request(
    { port: gateway.port, method, target, headers, ...(body === undefined ? {} : { body }) },
    { closeWaitMs: 0 },
  );
}

describe.each([
  ['enabled', true],
  ['disabled', false],
] as const)('the Authorization header while passwords are %s', (_name, enabled) => {
  beforeAll(() => gateway.patchSettings({ passwords: { enabled } }));
  afterAll(() => gateway.patchSettings({ passwords: { enabled: true } }));

  /** What became of the request, in the words of the corpus: the outcomes that the gateway's behaviour fits. */
  async function outcomesOf(authorization: readonly string[]): Promise<readonly string[]> {
    const answer = await send(
      REST,
      authorization.map((value) => ['Authorization', value] as const),
    );
    const code = answer.status === 200 ? null : answer.json<{ code: string }>().code;
    if (answer.status === 200) {
      // Forwarded: as it came, byte for byte.
      expect(upstream.requests).toHaveLength(1);
      expect(upstream.lastRequest?.headerValues('authorization')).toEqual(
        authorization.map((value) => value.replace(/^[ \t]+|[ \t]+$/g, '')),
      );
    } else {
      expect(upstream.bytesReceived).toBe(0);
    }
    switch (`${answer.status} ${code ?? ''}`) {
      case '200 ':
        return enabled
          ? ['basic', 'basic-non-utf8', 'bearer', 'other-scheme', 'none']
          : ['bearer', 'other-scheme', 'none'];
      case '401 password_disabled':
        return ['basic', 'basic-non-utf8'];
      case '401 credential_invalid':
        expect(answer.headerValues('www-authenticate').join(', ')).toMatch(/Basic realm="[^"]+", charset="UTF-8"/);
        return ['malformed'];
      case '400 credential_ambiguous':
        return ['reject-400'];
      case '431 headers_too_large':
        return ['reject-431'];
      default:
        return [`${answer.status} ${code ?? ''}`];
    }
  }

  it.each(corpus.cases)('R67: $id, $why', async ({ authorization, expected, also_ok: alsoOk = [] }) => {
    const outcomes = await outcomesOf(authorization);
    const accepted = [expected, ...alsoOk].map(({ result }) => result);
    expect(outcomes.some((outcome) => accepted.includes(outcome))).toBe(true);
  });
});

describe('tokens in the Authorization header', () => {
  const invalid = { status: 401, code: 'credential_invalid' };

  async function refused(lines: Lines, target = REST): Promise<{ status: number; code: string }> {
    const answer = await send(target, lines);
    expect(upstream.bytesReceived).toBe(0);
    const { code } = answer.json<{ code: string }>();
    expect(answer.raw.toString('latin1')).not.toContain(readWrite.secret);
    return { status: answer.status, code };
  }

  it('R02: a token as the password of Basic, or as Bearer, reaches the upstream as its owner', async () => {
    for (const line of [
      basic('alice', readOnly.secret),
      basic('ALICE', readOnly.secret),
      bearer(readOnly.secret),
      ['AUTHORIZATION', `bEARER   ${readOnly.secret}`] as const,
      ['authorization', basic('alice', readOnly.secret)[1].replace('Basic', 'BASIC')] as const,
    ]) {
      upstream.clear();
      expect((await send(REST, [line])).status).toBe(200);
      expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual(['alice']);
      expect(upstream.lastRequest?.header('authorization')).toBeUndefined();
    }
  });

  it('R121: a token reaches the upstream as its owner under a name that a git client invents', async () => {
    const { secret } = readWrite;
    for (const line of [
      basic('oauth2', secret),
      basic('', secret),
      basic(secret, ''),
      basic(secret, 'x-oauth-basic'),
    ]) {
      upstream.clear();
      expect((await send(REST, [line])).status).toBe(200);
      expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual(['alice']);
      expect(upstream.lastRequest?.raw.toString('latin1')).not.toMatch(/authorization|oauth|sg_/i);
    }
  });

  it('R44: a token under another name does not match', async () => {
    for (const name of ['admin', 'alice ', ' alice', 'alic', 'oauth', 'alice\u200b', 'al\u0131ce']) {
      expect(await refused([basic(name, readWrite.secret)]), JSON.stringify(name)).toEqual(invalid);
    }
    const events = await gateway.events({ code: 'owner_mismatch', type: 'authentication.failed' });
    expect(events.length).toBeGreaterThan(0);
    expect(events.every(({ tokenId }) => tokenId === readWrite.id)).toBe(true);
  });

  it.each([
    ['a wrong checksum', (secret: string) => secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0')],
    ['a cut end', (secret: string) => secret.slice(0, -7)],
    ['a blank behind it', (secret: string) => `${secret} `],
    ['the prefix alone', () => 'sg_'],
    ['another secret of the right form', (secret: string) => secret.replace(/_[^_]{4}(?=[^_]*_[^_]*$)/, '_AAAA')],
  ])('R36: a token with %s never goes upstream as a password, in either mode', async (_name, spoil) => {
    const secret = spoil(readWrite.secret);
    for (const enabled of [true, false]) {
      await gateway.patchSettings({ passwords: { enabled } });
      expect(await refused([basic('alice', secret)])).toEqual(invalid);
      expect(await refused([basic('alice', secret)], PAGE)).toEqual(invalid);
    }
    await gateway.patchSettings({ passwords: { enabled: true } });
  });

  it('R36, R109: a token never goes upstream from a place where none is taken', async () => {
    const { secret } = readWrite;
    const misplaced: readonly (readonly [Lines, string])[] = [
      [[basic(secret, 'x')], REST],
      [[basic(secret, secret)], REST],
      [[['Authorization', `Token ${secret}`]], REST],
      [[['Authorization', `Digest ${secret}`]], REST],
      [[['Authorization', secret]], REST],
      [[], `${REST}?os_username=alice&os_password=${secret}`],
      [[], `${REST}?os_username=alice&%6fs_password=${secret}`],
      [[], `${PAGE}?os_password=x&os_password=${secret}`],
    ];
    for (const [lines, target] of misplaced) {
      expect(await refused(lines, target), target).toEqual({ status: 401, code: 'credential_misplaced' });
    }
  });

  it('R67: two credentials in one request are a 400 and reach no upstream', async () => {
    const ambiguous = { status: 400, code: 'credential_ambiguous' };
    expect(await refused([bearer(readOnly.secret), bearer(readWrite.secret)])).toEqual(ambiguous);
    expect(await refused([bearer(readOnly.secret), bearer(readOnly.secret)])).toEqual(ambiguous);
    expect(await refused([bearer(readWrite.secret), basic('bob', 'password')])).toEqual(ambiguous);
    const target = `${REST}?os_username=bob&os_password=password`;
    expect(await refused([bearer(readWrite.secret)], target)).toEqual(ambiguous);
  });

  it('R45: a token on a page is a 401 and does not reach the upstream', async () => {
    for (const target of [PAGE, '/', '/login.jsp', '/restx', '/REST/api/2/myself']) {
      expect(await refused([bearer(readWrite.secret)], target)).toEqual({ status: 401, code: 'token_not_accepted' });
    }
  });

  it('R45: whatever is neither Basic nor Bearer passes while passwords are disabled', async () => {
    await gateway.patchSettings({ passwords: { enabled: false } });
    for (const lines of [[], [['Cookie', 'JSESSIONID=1']], [['Authorization', 'Digest username="a"']]] as Lines[]) {
      upstream.clear();
      expect((await send(REST, lines)).status).toBe(200);
      expect(upstream.requests).toHaveLength(1);
    }
    expect((await send(PAGE, [basic('bob', 'password')])).status).toBe(200);
    expect(upstream.lastRequest?.header('authorization')).toBe(basic('bob', 'password')[1]);
    await gateway.patchSettings({ passwords: { enabled: true } });
  });

  it('R42: a password goes upstream unchanged while passwords are enabled, and is recorded without it', async () => {
    const line = basic('bob', 'correct horse: battery');
    upstream.respondWith(() => ({
      status: 401,
      headers: [['WWW-Authenticate', 'Basic realm="Jira"']],
      body: 'wrong',
    }));
    const answer = await send(REST, [line, ['X-Request-Id', 'password-1']]);
    expect([answer.status, answer.text(), answer.header('www-authenticate')]).toEqual([
      401,
      'wrong',
      'Basic realm="Jira"',
    ]);
    expect(upstream.lastRequest?.header('authorization')).toBe(line[1]);
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBeUndefined();
    const events = (await gateway.events({ application: 'jira', user: 'bob' })).filter(
      ({ requestId }) => requestId === 'password-1',
    );
    expect(events).toMatchObject([{ credential: 'password', actor: 'bob', outcome: 'passed', status: 401 }]);
    expect(JSON.stringify(events)).not.toMatch(/correct horse|Y29ycmVjdC/);
  });

  it('R43: a password is stopped at REST paths while passwords are disabled, however it is sent', async () => {
    await gateway.patchSettings({ passwords: { enabled: false } });
    const disabled = { status: 401, code: 'password_disabled' };
    expect(await refused([basic('bob', 'password')])).toEqual(disabled);
    expect(await refused([], `${REST}?os_username=bob&os_password=password`)).toEqual(disabled);
    const login = await send('/rest/auth/1/session', [], 'POST', '{"username":"bob","password":"password"}');
    expect([login.status, login.json<{ code: string }>().code]).toEqual([401, 'password_disabled']);
    expect(upstream.bytesReceived).toBe(0);
    await gateway.patchSettings({ passwords: { enabled: true } });
  });

  it('R43: a form of more than 64 KiB on a REST path is a 413 while passwords are disabled, and goes on elsewhere', async () => {
    const large = `os_username=bob&x=${'a'.repeat(100_000)}`;
    const form = ['Content-Type', 'application/x-www-form-urlencoded'] as const;
    const chunked = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    const sendForm = (target: string, lines: Lines, isChunked: boolean): Promise<RawAnswer> => {
      const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${large.length}`;
      const head = [HOST, form, ...lines].map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const text = `POST ${target} HTTP/1.1\r\n${head}${framing}\r\n\r\n${isChunked ? chunked : large}`;
      return sendRaw(gateway.port, Buffer.from(text), { closeWaitMs: 0 });
    };
    const nobody: Lines = [['Cookie', 'JSESSIONID=1']];
    for (const isChunked of [false, true]) {
      await gateway.patchSettings({ passwords: { enabled: false } });
      for (const lines of [nobody, [bearer(readWrite.secret)]] as Lines[]) {
        upstream.clear();
        const answer = await sendForm(REST, lines, isChunked);
        expect([answer.status, answer.json<{ code: string }>().code]).toEqual([413, 'too_large']);
        expect(upstream.bytesReceived).toBe(0);
      }
      expect((await sendForm(PAGE, nobody, isChunked)).status).toBe(200);
      expect(upstream.lastRequest?.body.toString()).toBe(large);
      await gateway.patchSettings({ passwords: { enabled: true } });
      upstream.clear();
      expect((await sendForm(REST, [bearer(readWrite.secret)], isChunked)).status).toBe(200);
      expect(upstream.lastRequest?.body.toString()).toBe(large);
    }
  });

  it('R109: a form is not read where the head alone refuses, nor waited for without end', async () => {
    const text = `POST ${REST} HTTP/1.1\r\nHost: jira.test\r\nAuthorization: Bearer sg_wrong\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\na=`;
    const answer = await sendRaw(gateway.port, Buffer.from(text), { closeWaitMs: 0 });
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([401, 'credential_invalid']);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R45: a generic application asks for a credential; a token is let through on every path', async () => {
    const generic = (lines: Lines): Promise<RawAnswer> =>
      request({ port: gateway.port, target: '/any/page', headers: [['Host', 'generic.test'], ...lines] });
    const asked = await generic([]);
    expect([asked.status, asked.json<{ code: string }>().code]).toEqual([401, 'authentication_required']);
    expect(asked.headerValues('www-authenticate')[0]).toMatch(/^Basic realm=/);
    expect((await generic([bearer(readOnly.secret)])).status).toBe(200);
  });

  it('R42: a password goes to a generic application only if the application says so', async () => {
    const key = await gateway.createApplication({
      kind: 'generic',
      mount: { host: 'passwords.test' },
      upstream: upstream.url,
    });
    const code = async (headers: Lines): Promise<number | string> => {
      const answer = await request({
        port: gateway.port,
        target: '/v2/',
        headers: [['Host', 'passwords.test'], ...headers],
      });
      return answer.status === 200 ? 200 : answer.json<{ code: string }>().code;
    };
    for (const headers of [[basic('bob', 'anything')], [basic('alice', alice.password)], [basic('', '')]]) {
      expect(await code(headers)).toBe('password_disabled');
    }
    expect(upstream.bytesReceived).toBe(0);
    await gateway.admin.patch(`/applications/${key}`, { passwords: 'forward' });
    expect(await code([basic('bob', 'anything')])).toBe(200);
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([basic('bob', 'anything')[1]]);
    await gateway.patchSettings({ passwords: { enabled: false } });
    expect(await code([basic('bob', 'anything')])).toBe('password_disabled');
    await gateway.patchSettings({ passwords: { enabled: true } });
    await gateway.admin.patch(`/applications/${key}`, { passwords: 'deny' });
    expect(await code([basic('bob', 'anything')])).toBe('password_disabled');
  });

  it('R120: a named scheme is forwarded and recorded as passed, whatever is recorded of anonymous requests', async () => {
    const key = await gateway.createApplication({
      kind: 'generic',
      mount: { host: 'lfs.test' },
      upstream: upstream.url,
      passSchemes: ['JWT'],
    });
    const sendLine = (line: string): Promise<RawAnswer> =>
      request({
        port: gateway.port,
        target: '/objects/1',
        headers: [
          ['Host', 'lfs.test'],
          ['Authorization', line],
        ],
      });
    expect((await sendLine('JWT abc.def')).status).toBe(200);
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual(['JWT abc.def']);
    upstream.clear();
    for (const line of [`JWT ${readWrite.secret}`, 'JWT', 'AWS4-HMAC-SHA256 Credential=x']) {
      expect((await sendLine(line)).status, line).toBe(401);
    }
    expect(upstream.bytesReceived).toBe(0);
    const events = await gateway.events({ application: key });
    const [passed, ...others] = events.filter(({ type }) => type !== 'application.created').toReversed();
    expect(passed).toMatchObject({ type: 'authentication.passed', outcome: 'passed', credential: 'none', status: 200 });
    expect(new Set(others.map(({ code }) => code))).toEqual(
      new Set(['credential_misplaced', 'authentication_required']),
    );
  });

  it('R119: an application chooses its challenge', async () => {
    const key = await gateway.createApplication({
      kind: 'generic',
      mount: { host: 'challenge.test' },
      upstream: upstream.url,
    });
    const challenges = async (headers: Lines): Promise<readonly string[]> => {
      const answer = await request({
        port: gateway.port,
        target: '/v2/',
        headers: [['Host', 'challenge.test'], ...headers],
      });
      expect(answer.status).toBe(401);
      return answer.headerValues('www-authenticate');
    };
    const ofBasic = 'Basic realm="Scopegate", charset="UTF-8"';
    const ofBearer = 'Bearer realm="Scopegate", error="invalid_token"';
    expect(await challenges([])).toEqual([ofBasic]);
    expect(await challenges([basic('bob', 'x')])).toEqual([ofBasic]);
    expect(await challenges([bearer('x')])).toEqual([ofBasic, ofBearer]);
    await gateway.admin.patch(`/applications/${key}`, { challenge: ['bearer'] });
    expect(await challenges([])).toEqual(['Bearer realm="Scopegate"']);
    expect(await challenges([basic('alice', `${readWrite.secret}x`)])).toEqual([ofBearer]);
    await gateway.admin.patch(`/applications/${key}`, { challenge: ['bearer', 'basic'] });
    expect(await challenges([bearer('x')])).toEqual([ofBearer, ofBasic]);
  });

  it('R61: no secret, password or cookie is in any event', async () => {
    await send(REST, [
      ['Cookie', 'JSESSIONID=0123456789ABCDEF'],
      ['User-Agent', `curl ${readWrite.secret}`],
    ]);
    await send(`/rest/${readWrite.secret}?os_password=${readWrite.secret}`, [bearer(readWrite.secret)]);
    await send(`/rest/${readOnly.secret}`, [bearer(readOnly.secret)]);
    const text = JSON.stringify(await gateway.events({}));
    for (const secret of [readOnly.secret, readWrite.secret, '0123456789ABCDEF', alice.password]) {
      expect(text).not.toContain(secret);
    }
  });
});
