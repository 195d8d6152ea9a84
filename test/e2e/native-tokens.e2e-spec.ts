import { expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { request } from '../support/raw-client.js';
import { basic, bearer } from '../support/scopegate.fixture.js';

/** A token of the product's own, as a Jira or a Confluence makes them. */
const NATIVE = bearer('NjQ0MDk2Mzk1OTU1OlJhbmRvbQ');

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const;

/** Every place in which Jira and Confluence take a password, apart from the Authorization line. */
const PASSWORD_PLACES = [
  ['the query', { target: '/rest/api/2/myself?os_username=alice&os_password=x' }],
  ['a form', { method: 'POST', target: '/rest/api/2/issue', headers: [FORM], body: 'os_username=alice&os_password=x' }],
  [
    'one in each',
    { method: 'POST', target: '/rest/api/2/issue?os_username=alice', headers: [FORM], body: 'os_password=x' },
  ],
  [
    'a form that cannot be read',
    { method: 'POST', target: '/rest/api/2/issue', headers: [FORM, ['Content-Encoding', 'gzip']], body: 'x' },
  ],
  ['a login', { method: 'POST', target: '/rest/auth/1/session', body: '{"username":"alice","password":"x"}' }],
  ['a login that cannot be read', { method: 'POST', target: '/rest/auth/1/session', body: 'username=alice' }],
] as const;

const it = gatewayTest;

it.beforeAll(async ({ gateway, upstream }) => {
  await gateway.patchSettings({ throttling: { maxFailures: 0 } });
  const common = { upstream: upstream.url } as const;
  await gateway.createApplication({ ...common, mount: { host: 'off.test' }, nativeTokensDisabled: true });
  await gateway.createApplication({ ...common, mount: { host: 'on.test' } });
  await gateway.createApplication({
    ...common,
    kind: 'confluence',
    mount: { host: 'wiki.test' },
    nativeTokensDisabled: true,
  });
});

it.for(PASSWORD_PLACES)(
  'R53: a password in %s does not carry a native token past the switch',
  async ([_place, sending], { gateway, upstream }) => {
    for (const enabled of [true, false]) {
      await gateway.patchSettings({ passwords: { enabled } });
      for (const host of ['off.test', 'wiki.test']) {
        if (host === 'wiki.test' && sending.target.startsWith('/rest/auth')) continue;
        const headers = [['Host', host] as const, NATIVE, ...('headers' in sending ? sending.headers : [])];
        const answer = await request({ port: gateway.port, ...sending, headers }, { closeWaitMs: 0 });
        expect([answer.status, answer.json<{ code: string }>().code]).toEqual([401, 'native_token_disabled']);
      }
    }
    expect(upstream.bytesReceived).toBe(0);
  },
);

it('R53: while native tokens are on, a password beside one decides', async ({ gateway, upstream }) => {
  const target = '/rest/api/2/myself?os_username=alice&os_password=x';
  const headers = [['Host', 'on.test'] as const, NATIVE];
  await gateway.patchSettings({ passwords: { enabled: false } });
  const refused = await request({ port: gateway.port, target, headers }, { closeWaitMs: 0 });
  expect([refused.status, refused.json<{ code: string }>().code]).toEqual([401, 'password_disabled']);
  expect(upstream.bytesReceived).toBe(0);
  await gateway.patchSettings({ passwords: { enabled: true } });
  expect((await request({ port: gateway.port, target, headers }, { closeWaitMs: 0 })).status).toBe(200);
  expect(upstream.lastRequest?.header('authorization')).toBe(NATIVE[1]);
  // A password alone is not a native token.
  const password = [['Host', 'off.test'] as const, basic('alice', 'x')];
  expect((await request({ port: gateway.port, target, headers: password }, { closeWaitMs: 0 })).status).toBe(200);
});
