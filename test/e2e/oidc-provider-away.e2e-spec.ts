import { afterAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../support/expect-problem.js';
import { freePort } from '../support/free-port.js';
import { startLyingProvider } from '../support/lying-provider.js';
import {
  expectRefused,
  isCallback,
  logIn,
  logInAtProvider,
  OIDC_PATH,
  oidcEnvironment,
  type OidcServer,
} from '../support/oidc-test.js';
import { OIDC_CLIENT, startOidcProvider } from '../support/oidc.provider.js';
import { startScopegateFixture } from '../support/scopegate.fixture.js';
import { startScopegate } from '../support/scopegate.process.js';
import { until } from '../support/until.js';
import { createWebClient } from '../support/web.client.js';

const stops: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function start(issuerAt: (publicUrl: string) => Promise<string>): Promise<OidcServer> {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const server = await startScopegateFixture({ env: oidcEnvironment(publicUrl, await issuerAt(publicUrl)) });
  stops.push(() => server.stop());
  return { server, publicUrl };
}

const AWAY = '/console/login?problem=oidc_unavailable';

describe('a provider that is away', () => {
  it('R96: stops neither the start nor a login with a password, and works once it is back', async () => {
    const providerPort = await freePort();
    const shared = await start(() => Promise.resolve(`http://localhost:${providerPort}`));
    const { server, publicUrl } = shared;
    const begin = publicUrl + OIDC_PATH;
    await expectRefused(shared, await createWebClient().get(begin), 'oidc_unavailable', 'connection');
    expect((await server.admin.get('/me')).status).toBe(200);

    const provider = await startOidcProvider({ publicUrl }, providerPort);
    stops.push(() => provider.stop());
    provider.accounts.set('admin', { preferred_username: 'admin' });
    await until(async () => (await createWebClient().get(begin)).location?.startsWith(provider.issuer) === true);
    const { answer } = await logIn(begin, 'admin');
    expect(answer.location).toBe(`${publicUrl}/console`);

    // It goes away in the middle of a login.
    const web = createWebClient();
    const { location } = await logInAtProvider(web, begin, 'admin');
    await provider.stop();
    // Its event may be one of many alike by now.
    expect((await web.get(location ?? '')).location).toBe(publicUrl + AWAY);
  });

  it('R96: is given up after a time, and is not asked again at once', async () => {
    const provider = await startLyingProvider();
    stops.push(() => provider.stop());
    provider.lie = { hangsAt: ['/.well-known/openid-configuration'] };
    const shared = await start(() => Promise.resolve(provider.issuer));
    const { server, publicUrl } = shared;
    const begin = publicUrl + OIDC_PATH;
    const waiting = createWebClient().get(begin);
    expect((await server.admin.get('/me')).status).toBe(200);
    await expectRefused(shared, await waiting, 'oidc_unavailable', 'timeout');
    await expectRefused(shared, await createWebClient().get(begin), 'oidc_unavailable', 'pause');
  });

  it('R96: is not used under the name of another one', async () => {
    const provider = await startLyingProvider();
    stops.push(() => provider.stop());
    provider.lie = { metadata: { issuer: 'https://other.example' } };
    const shared = await start(() => Promise.resolve(provider.issuer));
    const answer = await createWebClient().get(shared.publicUrl + OIDC_PATH);
    expect(answer.location).toBe(shared.publicUrl + AWAY);
    await expectRefused(shared, answer, 'oidc_unavailable', 'json_attribute_comparison_failed');
  });

  it('R96: without one, there is no login at one', async () => {
    const server = await startScopegateFixture();
    stops.push(() => server.stop());
    for (const path of ['/session/oidc', '/session/oidc/callback?code=a&state=b']) {
      expectProblem(await server.as(null).get(path), 404, 'not_found');
    }
  });
});

describe('what a login leaves behind', () => {
  it('R96, R61: neither the secret of the client nor a code, a token or a state is in the log', async () => {
    const port = await freePort();
    const publicUrl = `http://127.0.0.1:${port}`;
    const provider = await startOidcProvider({ publicUrl, claimsInToken: true, method: 'client_secret_post' });
    stops.push(() => provider.stop());
    provider.accounts.set('admin', { preferred_username: 'admin' });
    const env = oidcEnvironment(publicUrl, provider.issuer);
    const server = await startScopegate({ port, env: { ...env, LOG_LEVEL: 'trace', SCOPEGATE_AUDIT_STDOUT: 'true' } });
    stops.push(() => server.stop());
    const { answer, callback } = await logIn(publicUrl + OIDC_PATH, 'admin');
    expect(isCallback(callback)).toBe(true);
    expect(answer.location).toBe(`${publicUrl}/console`);
    // All claims are in the token: nobody was asked for more.
    expect(provider.asked).not.toContain('/me');
    await until(() => server.output().includes('login.succeeded'));
    const { searchParams } = new URL(callback);
    const session = /^scopegate=([^;]+)/m.exec(answer.setCookies.join('\n'))?.[1] ?? '';
    for (const secret of [OIDC_CLIENT.secret, searchParams.get('code'), searchParams.get('state'), session, 'eyJ']) {
      expect(secret?.length).toBeGreaterThan(2);
      expect(server.output()).not.toContain(secret);
    }
  });
});
