import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { bearer, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';

const READER = 'glpat-of-the-reader-0001';
const WRITER = 'glpat-of-the-writer-0002';
const SECRETS = [READER, WRITER, Buffer.from(`service:${WRITER}`).toString('base64')];

type Sending = {
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
};

function sender({ port }: ScopegateFixture) {
  return (token: TestToken, target: string, { method = 'GET', headers = [], body }: Sending = {}): Promise<RawAnswer> =>
    request({
      port,
      method,
      target,
      headers: [
        ['Host', 'a'],
        bearer(token.secret),
        ...headers,
        ...(body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))] as const]),
      ],
      ...(body === undefined ? {} : { body }),
    });
}

const it = gatewayTest
  .extend('tokens', { scope: 'file' }, async ({ gateway, upstream }) => {
    const common = { version: null, upstream: upstream.url } as const;
    await gateway.createApplication({
      ...common,
      key: 'gitlab',
      kind: 'gitlab',
      mount: { pathPrefix: '/gitlab' },
      identity: {
        mode: 'credential',
        perUser: false,
        service: { 'read-only': { type: 'bearer', secret: READER }, 'read-write': { type: 'bearer', secret: WRITER } },
        headers: { Sudo: '{username}' },
      },
    });
    await gateway.createApplication({
      ...common,
      key: 'gitea',
      kind: 'gitea',
      mount: { pathPrefix: '/gitea' },
      identity: {
        mode: 'credential',
        perUser: false,
        service: { type: 'basic', username: 'service', secret: WRITER },
        encoding: 'utf-8',
        headers: { Sudo: '{username}' },
      },
    });
    await gateway.createApplication({
      ...common,
      key: 'jira',
      kind: 'jira',
      mount: { pathPrefix: '/jira' },
      identity: { mode: 'credential', perUser: false, service: { type: 'bearer', secret: WRITER } },
    });
    await gateway.createUser({ username: 'alice' });
    await gateway.createUser({ username: '1' });
    await gateway.createUser({ username: 'Zo\u00eb 100%' });
    const tokenOf = (owner: string, scope: TestToken['scope']): Promise<TestToken> =>
      gateway.createToken({ owner, scope });
    return {
      reader: await tokenOf('alice', 'read-only'),
      writer: await tokenOf('alice', 'read-write'),
      number: await tokenOf('1', 'read-only'),
      accented: await tokenOf('Zo\u00eb 100%', 'read-only'),
    };
  })
  .extend('send', ({ gateway }) => sender(gateway));

describe('the credential of a service account', () => {
  it('R71: is the one of the scope, and acts for the owner of the token', async ({ upstream, tokens, send }) => {
    for (const [token, secret] of [
      [tokens.reader, READER],
      [tokens.writer, WRITER],
    ] as const) {
      expect((await send(token, '/gitlab/api/v4/projects?per_page=1')).status).toBe(200);
      expect(upstream.lastRequest?.headerValues('authorization')).toEqual([`Bearer ${secret}`]);
      expect(upstream.lastRequest?.headerValues('sudo')).toEqual(['alice']);
      expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual([]);
    }
    expect((await send(tokens.reader, '/gitlab/api/v4/projects', { method: 'POST' })).status).toBe(403);
    expect(upstream.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('R71: may be one for all scopes, as a user name and password', async ({ upstream, tokens, send }) => {
    for (const token of [tokens.reader, tokens.writer]) {
      await send(token, '/gitea/api/v1/user/repos');
      expect(upstream.lastRequest?.headerValues('authorization')).toEqual([`Basic ${SECRETS[2] ?? ''}`]);
      expect(upstream.lastRequest?.headerValues('sudo')).toEqual(['alice']);
    }
  });

  it('R71: goes with no request that has no token', async ({ gateway, upstream, tokens: _tokens }) => {
    await gateway.admin.patch('/applications/gitlab', { anonymous: 'allow' });
    const target = '/gitlab/api/v4/projects';
    await request({
      port: gateway.port,
      target,
      headers: [
        ['Host', 'a'],
        ['Sudo', 'root'],
      ],
    });
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([]);
    expect(upstream.lastRequest?.headerValues('sudo')).toEqual([]);
    await gateway.admin.patch('/applications/gitlab', { anonymous: 'deny' });
  });

  it('R71: does not act for a user whose name is taken for the number of another', async ({
    upstream,
    tokens,
    send,
  }) => {
    const answer = await send(tokens.number, '/gitlab/api/v4/user');
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([401, 'token_not_accepted']);
    expect(upstream.bytesReceived).toBe(0);
    // Gitea takes names alone.
    expect((await send(tokens.number, '/gitea/api/v1/user/repos')).status).toBe(200);
    expect(upstream.lastRequest?.headerValues('sudo')).toEqual(['1']);
  });

  it('R71: is not tried by a check for such a user either', async ({ gateway, upstream, tokens: _tokens }) => {
    const checked = await gateway.admin.post<{ advice: readonly string[] }>('/applications/gitlab/check', {
      username: '1',
    });
    expect(checked.status).toBe(200);
    expect(checked.body.advice.join()).toContain('for the number of another user');
    expect(upstream.requests.flatMap((received) => received.headerValues('sudo'))).toEqual([]);
  });

  it('R71: sends a user name as it is or not at all', async ({ upstream, tokens, send }) => {
    const answer = await send(tokens.accented, '/gitlab/api/v4/projects');
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([401, 'token_not_accepted']);
    expect(upstream.bytesReceived).toBe(0);
    expect((await send(tokens.accented, '/gitea/api/v1/user/repos')).status).toBe(200);
    expect(upstream.lastRequest?.headerValues('sudo')).toEqual([Buffer.from('Zo\u00eb 100%').toString('latin1')]);
  });

  it('R71: a refusal by the application is no refusal of the token, and the next request tries again', async ({
    gateway,
    upstream,
    tokens,
    send,
  }) => {
    upstream.respondWith(() => ({ status: 401, headers: [['WWW-Authenticate', 'Bearer']], body: 'expired' }));
    const answer = await send(tokens.reader, '/gitlab/api/v4/projects');
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([502, 'upstream_credential_rejected']);
    expect(answer.headerValues('www-authenticate')).toEqual([]);
    upstream.clear();
    expect((await send(tokens.reader, '/gitlab/api/v4/projects')).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    upstream.respondWith(() => ({ status: 403, headers: [], body: 'no permission' }));
    expect((await send(tokens.reader, '/gitlab/api/v4/projects')).status).toBe(403);
    expect(await gateway.events({ code: 'upstream_credential_rejected' })).not.toEqual([]);
  });

  it('R71: a body that could name another user is read before anything goes upstream, and refused if it is large', async ({
    upstream,
    tokens,
    send,
  }) => {
    const target = '/gitlab/api/v4/projects/1/issues';
    const json = ['Content-Type', 'application/json'] as const;
    const late = JSON.stringify({ title: 'x'.repeat(900_000), sudo: 'root' });
    const refused = await send(tokens.writer, target, { method: 'POST', headers: [json], body: late });
    expect([refused.status, refused.json<{ code: string }>().code]).toEqual([400, 'credential_ambiguous']);
    const large = JSON.stringify({ title: 'x'.repeat(1_100_000) });
    expect((await send(tokens.writer, target, { method: 'POST', headers: [json], body: large })).status).toBe(413);
    expect(upstream.bytesReceived).toBe(0);

    const title = JSON.stringify({ title: 'x'.repeat(900_000) });
    expect((await send(tokens.writer, target, { method: 'POST', headers: [json], body: title })).status).toBe(200);
    expect(upstream.lastRequest?.body.toString()).toBe(title);
    const file = 'sudo=root&'.repeat(200_000);
    const binary = ['Content-Type', 'application/octet-stream'] as const;
    expect((await send(tokens.writer, target, { method: 'PUT', headers: [binary], body: file })).status).toBe(200);
    expect(upstream.lastRequest?.bodyLength).toBe(file.length);
  });

  it('R71: where nothing names a user, large attachments stream, and only forms are searched', async ({
    upstream,
    tokens,
    send,
  }) => {
    const typed = (type: string): [readonly [string, string]] => [['Content-Type', type]];
    const target = '/jira/rest/api/2/issue/A-1/attachments';
    const part = `--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${'x'.repeat(1_500_000)}\r\n--b--\r\n`;
    for (const [type, body] of [
      ['multipart/form-data; boundary=b', part],
      ['application/json', JSON.stringify({ access_token: 'a field of Jira', text: 'x'.repeat(1_500_000) })],
    ] as const) {
      expect((await send(tokens.writer, target, { method: 'POST', headers: typed(type), body })).status).toBe(200);
      expect(upstream.lastRequest?.bodyLength).toBe(body.length);
    }
    const form = typed('application/x-www-form-urlencoded');
    for (const sending of [
      { method: 'POST', headers: form, body: 'a=1&access_token=another' },
      { method: 'POST', headers: form, body: 'a=1&acces%73_token=another' },
    ]) {
      const refused = await send(tokens.writer, target, sending);
      expect([refused.status, refused.json<{ code: string }>().code]).toEqual([400, 'credential_ambiguous']);
    }
    expect(upstream.requests).toHaveLength(2);
  });

  it('R71: cannot be moved to another address or read, and a header cannot carry it twice', async ({
    gateway,
    tokens,
    send,
  }) => {
    const shown = await gateway.admin.get('/applications/gitlab');
    const moved = await gateway.admin.patch('/applications/gitlab', { upstream: 'http://127.0.0.1:9' });
    expect(moved).toMatchObject({ status: 400, body: { errors: [{ field: 'upstream' }] } });
    const twice = await gateway.admin.patch('/applications/gitlab', {
      identity: { headers: { Sudo: '{username}', Authorization: { secret: 'Bearer x' } } },
    });
    expect(twice).toMatchObject({ status: 400, body: { errors: [{ field: 'identity.headers.Authorization' }] } });
    await send(tokens.reader, '/gitlab/api/v4/projects');
    const events = await gateway.events({});
    for (const secret of SECRETS) expect(JSON.stringify([shown, moved, twice, events])).not.toContain(secret);
  });

  it('R71: a change of the credential counts from the next request', async ({ gateway, upstream, tokens, send }) => {
    const before = (await gateway.admin.get<{ identity: object }>('/applications/gitea')).body.identity;
    const service = { type: 'header', header: 'X-Token', secret: 'another-secret-of-the-service' };
    expect(await gateway.admin.patch('/applications/gitea', { identity: { service } })).toMatchObject({ status: 200 });
    await send(tokens.reader, '/gitea/api/v1/user/repos', { headers: [['x_token', 'mine']] });
    expect(upstream.lastRequest?.headerValues('x-token')).toEqual(['another-secret-of-the-service']);
    expect(upstream.lastRequest?.headerValues('x_token')).toEqual([]);
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([]);
    expect(before).toMatchObject({ service: { type: 'basic', username: 'service' }, headers: { Sudo: '{username}' } });
  });
});
