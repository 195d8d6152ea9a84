import { afterEach, describe, expect } from 'vitest';
import { certificateMaker } from '../support/certificates.js';
import { deposit, depositOf, tryDeposit } from '../support/deposits.js';
import { expectProblem } from '../support/expect-problem.js';
import { gatewayTest } from '../support/gateway-test.js';
import { startJiraStandIn, type JiraStandIn } from '../support/jira-stand-in.js';
import { bearer } from '../support/scopegate.fixture.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const NAMES = 'DNS:localhost,IP:127.0.0.1';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A Jira with a certificate of its own authority, which asks for one of the client. */
const it = gatewayTest
  .extend('folder', { scope: 'file' }, ({ gateway: _gateway }, { onCleanup }) => {
    const folder = createTemporaryFolder('credential-tls');
    onCleanup(() => folder.remove());
    return folder.path;
  })
  .extend('make', { scope: 'file' }, ({ folder }) => certificateMaker(folder))
  .extend('ca', { scope: 'file' }, ({ make }) => make.authority('authority'))
  .extend('client', { scope: 'file' }, ({ make, ca }) => make.certificate(ca, 'DNS:gateway'))
  .extend('jira', { scope: 'file' }, async ({ make, ca }, { onCleanup }) => {
    const tls = { ...make.certificate(ca, NAMES), ca: ca.cert, requestCert: true, rejectUnauthorized: true };
    const jira = await startJiraStandIn({ version: '11.0.0', users: {}, tls });
    onCleanup(() => jira.stop());
    return jira;
  })
  .extend('alice', { scope: 'file' }, ({ gateway }) => gateway.createUser({ username: 'alice' }))
  .extend('token', { scope: 'file' }, ({ gateway, alice }) =>
    gateway.createToken({ owner: alice.username, scope: 'read-only' }),
  )
  .extend('trusted', { scope: 'file' }, ({ ca, client }) => ({
    ca: ca.cert,
    certificate: client.cert,
    key: client.key,
    serverName: null,
  }))
  .extend('mounted', ({ gateway, jira }) => async (tls: object, version: string | null = null): Promise<string> => {
    const identity = { mode: 'credential', perUser: true };
    const mount = { pathPrefix: '/jira' };
    const key = await gateway.createApplication({ version, mount, upstream: jira.url, identity, tls });
    stops.push(() => gateway.admin.delete(`/applications/${key}`));
    jira.clear();
    return key;
  })
  .extend(
    'send',
    ({ gateway, token }) =>
      () =>
        fetch(`${gateway.url}/jira/rest/api/2/myself`, { headers: Object.fromEntries([bearer(token.secret)]) }),
  );

const certificatesOf = ({ requests }: JiraStandIn) =>
  requests.map(({ target, user, clientCertificate }) => [target, user, clientCertificate]);
const MADE = expect.stringMatching(/^made-/) as unknown;
const WHO_AM_I = '/jira/rest/api/2/myself';

describe('a deposit for an upstream with TLS of its own', () => {
  it('R75: the try, the requests and the version go through its authority and the client certificate', async ({
    gateway,
    jira,
    alice,
    mounted,
    trusted,
    send,
  }) => {
    const key = await mounted(trusted);
    expect((await gateway.admin.get(`/applications/${key}`)).body).toMatchObject({ version: '11.0.0' });
    await deposit(gateway, alice, key, jira.createAccessToken('alice'));
    expect(certificatesOf(jira)).toEqual([[WHO_AM_I, 'alice', MADE]]);
    jira.clear();
    expect((await send()).status).toBe(200);
    expect(certificatesOf(jira)).toEqual([[WHO_AM_I, 'alice', MADE]]);
    jira.clear();
    const self = gateway.as({ user: alice.username, password: alice.password });
    expect((await self.post(`/me/credentials/${key}/check`)).body).toMatchObject({ state: 'working' });
    expect(certificatesOf(jira)).toEqual([[WHO_AM_I, 'alice', MADE]]);
  });

  it('R75, R126: a check goes the same way, with the deposit of the named user', async ({
    gateway,
    jira,
    alice,
    mounted,
    trusted,
  }) => {
    const key = await mounted(trusted);
    await deposit(gateway, alice, key, jira.createAccessToken('alice'));
    jira.clear();
    const { body } = await gateway.admin.post(`/applications/${key}/check`, { username: 'alice' });
    expect(body).toMatchObject({
      reachable: true,
      tls: true,
      version: '11.0.0',
      identityBelieved: true,
      upstreamAccount: 'alice',
      advice: [],
    });
    expect(new Set(jira.requests.map(({ clientCertificate }) => clientCertificate))).toEqual(new Set([MADE]));
    expect(jira.requests.find(({ target }) => target === WHO_AM_I)?.user).toBe('alice');
  });

  it('R75: a certificate of another authority is a named failure, and nothing is stored', async ({
    gateway,
    jira,
    alice,
    make,
    mounted,
    trusted,
  }) => {
    const key = await mounted({ ...trusted, ca: make.authority('another').cert }, '11.0.0');
    const secret = jira.createAccessToken('alice');
    const answer = await tryDeposit(gateway, alice, key, { secret });
    const problem = expectProblem(answer, 502, 'upstream_unreachable');
    expect(problem.detail).toMatch(/certificate/i);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
    expect(await depositOf(gateway, alice, key)).toBeUndefined();
    expect(jira.requests).toEqual([]);
    const { body } = await gateway.admin.post<{ advice: readonly string[] }>(`/applications/${key}/check`, {});
    expect(body).toMatchObject({ reachable: false, tls: false });
    expect(body.advice.join(' ')).toMatch(/tls\.ca/);
  });

  it('R75: without its client certificate, nothing is stored', async ({ gateway, jira, alice, mounted, ca }) => {
    const key = await mounted({ ca: ca.cert }, '11.0.0');
    const answer = await tryDeposit(gateway, alice, key, { secret: jira.createAccessToken('alice') });
    expectProblem(answer, 502, 'upstream_unreachable');
    expect(await depositOf(gateway, alice, key)).toBeUndefined();
    expect(jira.requests).toEqual([]);
  });

  it('R75: the deposit stays unsent while the certificate is not trusted, and is not marked', async ({
    gateway,
    jira,
    alice,
    make,
    mounted,
    trusted,
    send,
  }) => {
    const key = await mounted(trusted);
    await deposit(gateway, alice, key, jira.createAccessToken('alice'));
    jira.clear();
    const change = (tls: object) => gateway.admin.patch(`/applications/${key}`, { tls });
    expect((await change({ ca: make.authority('another').cert })).status).toBe(200);
    expect((await send()).status).toBe(502);
    const self = gateway.as({ user: alice.username, password: alice.password });
    expectProblem(await self.post(`/me/credentials/${key}/check`), 502, 'upstream_unreachable');
    expect(jira.requests).toEqual([]);
    expect(await depositOf(gateway, alice, key)).toMatchObject({ state: 'working' });
    await change({ ca: trusted.ca });
    expect((await send()).status).toBe(200);
  });
});
