import {
  allowInsecureRequests,
  ClientSecretBasic,
  Configuration,
  tokenIntrospection,
  type ClientAuth,
  type IntrospectionResponse,
} from 'openid-client';
import { expect } from 'vitest';
import type { ApiCredential } from '../support/api.client.js';
import { gatewayTest } from '../support/gateway-test.js';
import { postIntrospection } from '../support/introspection.client.js';
import type { NewToken, TestToken } from '../support/scopegate.fixture.js';

const FORM = 'application/x-www-form-urlencoded';

type Introspection = Readonly<Record<string, unknown>>;

const INACTIVE = { active: false };

const it = gatewayTest
  .extend('service', { scope: 'file' }, async ({ gateway }) => {
    await gateway.createGroup('services');
    await gateway.patchPermissions({ introspect: { groups: ['services'] } });
    const user = await gateway.createUser({ username: 'reports', groups: ['services'] });
    const token = await gateway.createToken({ owner: 'reports', scope: 'read-only', applications: ['scopegate'] });
    return { ...user, token, credential: { bearer: token.secret } as ApiCredential };
  })
  .extend('alice', { scope: 'file' }, async ({ gateway }) => {
    await gateway.createApplication({ key: 'jira', mount: { pathPrefix: '/jira' }, upstream: 'http://127.0.0.1:9' });
    const user = await gateway.createUser({ username: 'Alice', displayName: 'Alice Example', email: 'a@example.com' });
    const make = (token: Partial<NewToken> = {}): Promise<TestToken> =>
      gateway.createToken({ owner: 'Alice', scope: 'read-only', ...token });
    return { ...user, make };
  })
  .extend(
    'introspect',
    { scope: 'file' },
    ({ gateway, service }) =>
      (fields: Readonly<Record<string, string>>, as = service.credential) =>
        postIntrospection<Introspection>(`${gateway.url}/introspect`, as, FORM, new URLSearchParams(fields).toString()),
  );

it('R90: an active token shows what it is good for', async ({ introspect, alice, gateway }) => {
  const expiresAt = new Date(Math.ceil(Date.now() / 1000 + 86_400) * 1000).toISOString();
  const token = await alice.make({ expiresAt, applications: ['jira', 'scopegate'], scope: 'read-write' });
  const answer = await introspect({ token: token.secret, token_type_hint: 'access_token' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toEqual({
    active: true,
    scope: 'read-write',
    client_id: token.id,
    username: 'Alice',
    sub: expect.stringMatching(/\S/) as string,
    exp: Date.parse(expiresAt) / 1000,
    iat: expect.any(Number) as number,
    token_type: 'Bearer',
    aud: ['jira', 'scopegate'],
    scopegate: { tokenId: token.id, displayName: 'Alice Example', email: 'a@example.com', groups: [] },
  });
  expect(Math.abs(Number(answer.body['iat']) - Date.now() / 1000)).toBeLessThan(300);
  const { body } = await introspect({ token: (await alice.make()).secret });
  expect(body).toMatchObject({ active: true, scope: 'read-only', sub: answer.body['sub'] });
  expect(body).not.toHaveProperty('exp');
  expect(body).not.toHaveProperty('aud');
  await gateway.patchSettings({ tokenValidity: { maximum: 'P1M', applyAtUse: true } });
  expect((await introspect({ token: token.secret })).body['exp']).toBe(answer.body['exp']);
  expect(await introspect({ token: (await alice.make({ validity: 'P1M' })).secret })).toHaveProperty('body.exp');
  await gateway.patchSettings({ tokenValidity: { maximum: 'never', applyAtUse: false } });
});

it('R90: an inactive token says nothing more, whatever the reason', async ({ introspect, alice, gateway, service }) => {
  const revoked = await alice.make();
  await gateway.revokeToken(revoked.id);
  const expired = await alice.make({ expiresAt: new Date(Date.now() + 1500).toISOString() });
  const limited = await alice.make({ allowList: ['203.0.113.7'] });
  await gateway.createUser({ username: 'gone' });
  const ofGone = await gateway.createToken({ owner: 'gone', scope: 'read-only' });
  await gateway.admin.delete('/users/gone');
  await gateway.createUser({ username: 'away' });
  const ofAway = await gateway.createToken({ owner: 'away', scope: 'read-only' });
  await gateway.admin.patch('/users/away', { active: false });
  await expect.poll(async () => (await introspect({ token: expired.secret })).body).toEqual(INACTIVE);
  const { secret } = limited;
  const lines: readonly Readonly<Record<string, string>>[] = [
    { token: revoked.secret },
    { token: secret },
    { token: secret, client_ip: '203.0.113.8' },
    { token: ofGone.secret },
    { token: ofAway.secret },
    { token: secret.replace(/^sg_.{12}/, 'sg_000000000000') },
    { token: `${secret} ` },
    { token: secret.slice(0, -1) },
    { token: `sgs_${secret.slice(3)}` },
    { token: 'eyJhbGciOiJub25lIn0.e30.' },
    { token: ' ' },
    { token: `Basic ${Buffer.from(`reports:${service.password}`).toString('base64')}` },
    { token: `x\r\nAuthorization: Bearer ${service.token.secret}` },
    { token: `${secret}, Bearer ${service.token.secret}` },
    { token: '\u0000' },
    { token: 'ß€' },
  ];
  for (const fields of lines) {
    const { status, text } = await introspect(fields);
    expect({ fields, status, text }).toEqual({ fields, status: 200, text: '{"active":false}' });
  }
  expect((await introspect({ token: secret, client_ip: '203.0.113.7' })).body).toMatchObject({ active: true });
});

it('R25, R90: a token whose owner may not use tokens is inactive', async ({ introspect, alice, gateway }) => {
  const { secret } = await alice.make();
  await gateway.patchPermissions({ useTokens: { everyone: false, groups: ['services'] } });
  expect((await introspect({ token: secret })).body).toEqual(INACTIVE);
  await gateway.patchPermissions({ useTokens: { everyone: true, groups: [] } });
  expect((await introspect({ token: secret })).body).toMatchObject({ active: true });
});

it('R37, R90: the allow list counts for the address that is named, and for the service itself', async ({
  introspect,
  alice,
  gateway,
  service,
}) => {
  const { secret } = await alice.make();
  const admin = { user: 'admin', password: gateway.adminPassword };
  await gateway.patchSettings({ ipRestriction: { allowList: ['203.0.113.0/24', '127.0.0.1'] } });
  expect((await introspect({ token: secret })).body).toEqual(INACTIVE);
  expect((await introspect({ token: secret, client_ip: '203.0.113.9' })).body).toMatchObject({ active: true });
  expect((await introspect({ token: secret, client_ip: '198.51.100.1' })).body).toEqual(INACTIVE);
  await gateway.patchSettings({ ipRestriction: { allowList: ['203.0.113.0/24'] } });
  expect((await introspect({ token: secret, client_ip: '203.0.113.9' })).status).toBe(401);
  expect((await introspect({ token: secret, client_ip: '203.0.113.9' }, admin)).body).toMatchObject({ active: true });
  await gateway.patchSettings({ ipRestriction: { allowList: [] } });
  expect(service.token.id).toBeTruthy();
});

it('R90: one event each, with the true reason, the door and who asked', async ({
  introspect,
  alice,
  gateway,
  service,
}) => {
  const token = await alice.make();
  const first = await introspect({ token: token.secret, client_ip: '203.0.113.7' });
  await gateway.revokeToken(token.id);
  const second = await introspect({ token: token.secret });
  const events = await gateway.events({ tokenId: token.id });
  const requestIds = [second, first].map(({ headers }) => headers.get('x-request-id'));
  const detail = { askedBy: 'reports', askedWith: service.token.id, askedFrom: '127.0.0.1' };
  expect(events.filter(({ type }) => !type.startsWith('token.'))).toMatchObject([
    { outcome: 'failed', code: 'token_revoked', status: 401, clientIp: null, requestId: requestIds[0], detail },
    {
      type: 'authentication.succeeded',
      outcome: 'allowed',
      door: 'introspection',
      actor: 'Alice',
      owner: 'Alice',
      clientIp: '203.0.113.7',
      method: 'POST',
      path: '/introspect',
      application: null,
      status: 200,
      requestId: requestIds[1],
      detail,
    },
  ]);
  const all = await gateway.events({});
  for (const requestId of requestIds) expect(all.filter((event) => event.requestId === requestId)).toHaveLength(1);
  expect(JSON.stringify(all)).not.toContain(token.secret);
  const shown = await gateway.admin.get<{ useCount: number; lastUsedIp: string | null }>(`/tokens/${token.id}`);
  expect(shown.body).toMatchObject({ useCount: 1, lastUsedIp: '203.0.113.7' });
});

it('R90: only administrators and holders of the permission may ask', async ({
  introspect,
  alice,
  gateway,
  service,
}) => {
  const { secret } = await alice.make();
  const readWrite = await alice.make({ scope: 'read-write' });
  const ask = async (credential: ApiCredential) => {
    const { status, body } = await introspect({ token: secret }, credential);
    return status === 200 ? body['active'] : `${status} ${String(body['code'])}`;
  };
  expect(await ask({ user: 'admin', password: gateway.adminPassword })).toBe(true);
  expect(await ask({ bearer: (await gateway.createToken({ scope: 'read-only' })).secret })).toBe(true);
  expect(await ask({ user: 'reports', password: service.password })).toBe(true);
  expect(await ask({ user: 'reports', token: service.token.secret })).toBe(true);
  expect(await ask({ user: 'Alice', password: alice.password })).toBe('403 administrator_required');
  expect(await ask({ bearer: readWrite.secret })).toBe('403 administrator_required');
  expect(await ask({ bearer: secret })).toBe('403 administrator_required');
  expect(await ask({ bearer: 'another' })).toBe('401 credential_invalid');
  const anonymous = await postIntrospection(`${gateway.url}/introspect`, null, FORM, `token=${secret}`);
  expect(anonymous.status).toBe(401);
  expect(anonymous.headers.get('www-authenticate')).toContain('Basic realm="Scopegate"');
  const wrong = await introspect({ token: secret }, { user: 'reports', password: 'not this one' });
  expect(wrong.status).toBe(401);
  // Administrators need no group; others lose it at once.
  await gateway.patchPermissions({ introspect: { groups: [] } });
  expect(await ask({ user: 'admin', password: gateway.adminPassword })).toBe(true);
  expect(await ask(service.credential)).toBe('403 administrator_required');
  await gateway.patchPermissions({ introspect: { groups: ['services'] } });
});

it('R51, R90: too many invalid tokens are a 429, and a valid one is never refused', async ({
  introspect,
  alice,
  gateway,
}) => {
  const { secret } = await alice.make();
  const unknown = secret.replace(/^sg_.{12}/, 'sg_000000000000');
  await gateway.patchSettings({ throttling: { maxFailures: 3, windowSeconds: 60 } });
  const client_ip = '203.0.113.50';
  for (let guess = 0; guess < 3; guess += 1) {
    expect((await introspect({ token: unknown, client_ip })).text).toBe('{"active":false}');
  }
  const answer = await introspect({ token: unknown, client_ip });
  expect(answer.status).toBe(429);
  expect(answer.body).toMatchObject({ code: 'too_many_failures' });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await introspect({ token: secret, client_ip })).body).toMatchObject({ active: true });
  expect((await introspect({ token: unknown, client_ip: '203.0.113.51' })).text).toBe('{"active":false}');
  // Neither the service nor a user at that address is locked out.
  for (let guess = 0; guess < 20; guess += 1) await introspect({ token: unknown });
  expect((await gateway.admin.get('/me')).status).toBe(200);
  const [event] = await gateway.events({ code: 'too_many_failures' });
  expect(event).toMatchObject({ outcome: 'failed', status: 429, door: 'introspection' });
  await gateway.patchSettings({ throttling: { maxFailures: 20, windowSeconds: 60 } });
});

it('R90, R112: what is no such form is refused, and a token elsewhere is not looked at', async ({
  gateway,
  alice,
  service,
}) => {
  const { secret } = await alice.make();
  const post = async (body: string, type = FORM, query = '') => {
    const answer = await postIntrospection(`${gateway.url}/introspect${query}`, service.credential, type, body);
    return `${answer.status} ${answer.body.code}`;
  };
  const invalid = '400 validation_failed';
  expect(await post('')).toBe(invalid);
  expect(await post('token=')).toBe(invalid);
  expect(await post(`Token=${secret}`)).toBe(invalid);
  expect(await post(`token=${secret}&client_ip=localhost`)).toBe(invalid);
  expect(await post(`token=${secret}&client_ip=`)).toBe(invalid);
  expect(await post(`token=${'x'.repeat(16_385)}`)).toBe(invalid);
  expect(await post(`token=${secret}&token=${secret}`)).toBe('400 request_malformed');
  expect(await post(`token=${secret}&client_ip=10.0.0.1&client_ip=10.0.0.2`)).toBe('400 request_malformed');
  expect(await post(`token=${'x'.repeat(70_000)}`)).toBe('413 too_large');
  expect(await post(JSON.stringify({ token: secret }), 'application/json')).toBe('415 unsupported_media_type');
  expect(await post(`token=${secret}`, 'text/plain')).toBe('415 unsupported_media_type');
  expect(await post(`token=${secret}`, 'multipart/form-data; boundary=x')).toBe('415 unsupported_media_type');
  expect(await post('', FORM, `?token=${secret}`)).toBe('401 credential_misplaced');
  expect(await post(`token=${secret}`, FORM, '?x=1')).toBe(invalid);
  const read = await fetch(`${gateway.url}/introspect`, {
    headers: { Authorization: `Bearer ${service.token.secret}` },
  });
  expect(read.status).toBe(405);
  expect(read.headers.get('allow')).toBe('OPTIONS, POST');
});

it('R90: openid-client asks with a user name and password, with a user name and token, and with a token alone', async ({
  alice,
  gateway,
  service,
}) => {
  const token = await alice.make();
  const ask = (
    clientId: string,
    authenticate: ClientAuth,
    client_ip = '203.0.113.7',
  ): Promise<IntrospectionResponse> => {
    const server = { issuer: gateway.url, introspection_endpoint: `${gateway.url}/introspect` };
    const configuration = new Configuration(server, clientId, undefined, authenticate);
    // Marked so only to stand out: this test has no TLS.
    // oxlint-disable-next-line typescript/no-deprecated
    allowInsecureRequests(configuration);
    return tokenIntrospection(configuration, token.secret, { token_type_hint: 'access_token', client_ip });
  };
  const asBearer: ClientAuth = (_server, _client, _body, headers) =>
    headers.set('authorization', `Bearer ${service.token.secret}`);
  const username = 'reports@service.example.com';
  const password = 'correct horse-battery_staple + 50%41';
  await gateway.createUser({ username, password, groups: ['services'] });
  const expected = { active: true, username: 'Alice', scope: 'read-only', client_id: token.id, token_type: 'Bearer' };
  expect(await ask('reports', asBearer)).toMatchObject(expected);
  expect(await ask('reports', ClientSecretBasic(service.token.secret))).toMatchObject(expected);
  expect(await ask('admin', ClientSecretBasic(gateway.adminPassword))).toMatchObject(expected);
  expect(await ask(username, ClientSecretBasic(password))).toMatchObject(expected);
  // As most other clients send it: not encoded.
  const plain = await postIntrospection<Introspection>(
    `${gateway.url}/introspect`,
    { user: username, password },
    FORM,
    `token=${token.secret}`,
  );
  expect(plain.body).toMatchObject(expected);
  await expect(ask(username, ClientSecretBasic(`${password}x`))).rejects.toMatchObject({ status: 401 });
  await expect(ask('alice', ClientSecretBasic(service.token.secret))).rejects.toMatchObject({ status: 401 });
  await gateway.revokeToken(token.id);
  expect(await ask('reports', asBearer)).toEqual(INACTIVE);
});
