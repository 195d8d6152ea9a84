import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { decodeJwt } from 'jose';
import { expect, onTestFinished } from 'vitest';
import type { ApiAnswer } from '../support/api.client.js';
import { certificateMaker } from '../support/certificates.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { RecordingUpstream } from '../support/recording-upstream.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

type Check = {
  readonly reachable: boolean;
  readonly tls: boolean;
  readonly identityBelieved: boolean | 'unknown';
  readonly upstreamAccount: string | null;
  readonly status: number | null;
  readonly advice: readonly string[];
};

const DEPOSIT = 'Zx9-a-personal-access-token-7Qa1';
const SERVICE = 'glpat-of-the-service-account-1';

/** Without the questions about the version, which carry no identity. */
function askedOf({ requests }: RecordingUpstream): RecordingUpstream['requests'] {
  return requests.filter(({ target }) => !/applinks|serverInfo|version/.test(target));
}

const it = gatewayTest
  .extend('alice', { scope: 'file' }, ({ gateway }) => gateway.createUser({ username: 'alice' }))
  .extend(
    'check',
    { scope: 'file' },
    ({ gateway, alice }) =>
      (key: string, body: object = {}) =>
        gateway.admin.post<Check>(`/applications/${key}/check`, { username: alice.username, ...body }),
  )
  .extend('mounted', { scope: 'file' }, ({ gateway, upstream }) => async (preset: string, members: object) => {
    const mount = { pathPrefix: `/${preset}` };
    const application = { preset, key: preset, mount, version: '9.12.0', upstream: upstream.url, ...members };
    const made: ApiAnswer<unknown> = await gateway.admin.post('/applications', application);
    expect(made.status).toBe(201);
    onTestFinished(async () => void (await gateway.admin.delete(`/applications/${preset}`)));
  });

it('R126: with a signed assertion, the upstream gets one about the user and the call', async ({
  check,
  mounted,
  upstream,
}) => {
  await mounted('confluence', { identity: { mode: 'jwt', audience: 'https://wiki.example.com' } });
  upstream.respondWith(() => ({ body: '{"username":"alice"}' }));
  expect((await check('confluence')).body).toMatchObject({
    identityBelieved: true,
    upstreamAccount: 'alice',
    advice: [],
  });
  expect(askedOf(upstream).map(({ target }) => target)).toEqual(['/rest/api/user/current']);
  const claims = decodeJwt(askedOf(upstream).at(-1)?.header('x-scopegate-assertion') ?? '');
  expect(claims).toMatchObject({
    sub: 'alice',
    aud: 'https://wiki.example.com',
    scope: 'read-only',
    method: 'GET',
    path: '/rest/api/user/current',
  });
  upstream.respondWith(() => ({ status: 401 }));
  const { body } = await check('confluence');
  expect(body).toMatchObject({ identityBelieved: false, status: 401 });
  expect(body.advice.join()).toMatch(/X-Scopegate-Assertion.*jwks\.json.*wiki\.example\.com/);
});

it('R126: with a service credential, the one of read-only tokens is sent, and the account is compared', async ({
  check,
  mounted,
  upstream,
}) => {
  const service = {
    'read-only': { type: 'bearer', secret: SERVICE },
    'read-write': { type: 'bearer', secret: 'other' },
  };
  await mounted('gitlab', {
    identity: { mode: 'credential', perUser: false, service, headers: { Sudo: '{username}' } },
  });
  upstream.respondWith(() => ({ body: '{"username":"alice"}' }));
  expect((await check('gitlab')).body).toMatchObject({ identityBelieved: true, upstreamAccount: 'alice' });
  const lastRequest = askedOf(upstream).at(-1);
  expect(lastRequest?.target).toBe('/api/v4/user');
  expect(lastRequest?.headerValues('authorization')).toEqual([`Bearer ${SERVICE}`]);
  expect(lastRequest?.headerValues('sudo')).toEqual(['alice']);

  upstream.respondWith(() => ({ body: '{"username":"service"}' }));
  const other = (await check('gitlab')).body;
  expect(other).toMatchObject({ identityBelieved: false, upstreamAccount: 'service' });
  expect(other.advice.join()).toContain('{"Sudo": "{username}"}');

  const tried = await check('gitlab', { secrets: { Authorization: 'Bearer another-one-to-try' } });
  expect(askedOf(upstream).at(-1)?.headerValues('authorization')).toEqual(['Bearer another-one-to-try']);
  expect(JSON.stringify([other, tried.body])).not.toMatch(/to-try|glpat/);
});

it('R126: with a credential of each user, nothing is sent without one, and a refused one is not sent again', async ({
  alice,
  check,
  gateway,
  mounted,
  upstream,
}) => {
  await mounted('jira', {});
  const without = (await check('jira')).body;
  expect(without).toMatchObject({ reachable: true, identityBelieved: 'unknown', upstreamAccount: null, status: 200 });
  expect(without.advice.join()).toContain('/api/v1/me/credentials/jira');
  expect(askedOf(upstream).map(({ target }) => target)).toEqual(['/status']);
  expect(askedOf(upstream).at(-1)?.header('authorization')).toBeUndefined();

  const own = gateway.as({ user: alice.username, password: alice.password });
  upstream.respondWith(() => ({ body: '{"name":"alice"}' }));
  const deposit = { type: 'bearer', secret: DEPOSIT };
  expect((await own.put('/me/credentials/jira', deposit)).status).toBe(200);
  const found = (await check('jira')).body;
  expect(found).toMatchObject({ identityBelieved: true, upstreamAccount: 'alice', advice: [] });
  expect(askedOf(upstream).at(-1)?.target).toBe('/rest/api/2/myself');
  expect(askedOf(upstream).at(-1)?.headerValues('authorization')).toEqual([`Bearer ${DEPOSIT}`]);

  upstream.respondWith(() => ({ status: 401 }));
  const refused = (await check('jira')).body;
  expect(refused).toMatchObject({ identityBelieved: false, status: 401 });
  const before = askedOf(upstream).length;
  const again = (await check('jira')).body;
  expect(again).toMatchObject({ identityBelieved: 'unknown', status: 401 });
  expect(again.advice.join()).toContain('/api/v1/me/credentials/jira/check');
  expect(
    askedOf(upstream)
      .slice(before)
      .map((request) => [request.target, request.header('authorization')]),
  ).toEqual([['/status', undefined]]);
  expect(JSON.stringify([without, found, refused, again])).not.toContain(DEPOSIT);
});

it('R75, R126: the credential goes through the TLS of the application, and nowhere without it', async ({
  alice,
  check,
  gateway,
  mounted,
}) => {
  const folder = createTemporaryFolder('check-tls');
  onTestFinished(() => void folder.remove());
  const make = certificateMaker(folder.path);
  const ca = make.authority('authority');
  const client = make.certificate(ca, 'DNS:gateway');
  const seen: string[] = [];
  const options = { ...make.certificate(ca, 'DNS:localhost,IP:127.0.0.1'), ca: ca.cert, requestCert: true };
  const server = createServer({ ...options, rejectUnauthorized: false }, ({ url, headers, socket }, response) => {
    const isKnown = (socket as TLSSocket).authorized;
    seen.push(`${url ?? ''} ${headers.authorization ?? 'without'} ${isKnown ? 'from the gateway' : 'from anywhere'}`);
    response.end(url === '/api/v1/version' ? '{"version":"1.22.0"}' : '{"login":"alice"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const upstream = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tls = { ca: ca.cert, certificate: client.cert, key: client.key };
  const own = gateway.as({ user: alice.username, password: alice.password });
  const deposit = { type: 'bearer', secret: DEPOSIT };

  await mounted('gitea', { version: null, upstream, tls });
  expect((await own.put('/me/credentials/gitea', deposit)).status).toBe(200);
  expect((await check('gitea')).body).toMatchObject({ tls: true, version: '1.22.0', identityBelieved: true });
  expect([...new Set(seen)].toSorted()).toEqual([
    `/api/v1/user Bearer ${DEPOSIT} from the gateway`,
    '/api/v1/version without from the gateway',
  ]);

  seen.length = 0;
  await mounted('gitlab', { upstream, tls: { ...tls, ca: make.authority('stranger').cert } });
  expect((await own.put('/me/credentials/gitlab', deposit)).status).toBe(502);
  const { body } = await check('gitlab');
  expect(body).toMatchObject({ reachable: false, tls: false, identityBelieved: 'unknown', status: null });
  expect(body.advice.join()).toMatch(/certificate/);
  expect(seen).toEqual([]);
});
