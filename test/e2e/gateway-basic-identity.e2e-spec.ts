import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { request } from '../support/raw-client.js';
import { basic, bearer } from '../support/scopegate.fixture.js';

const WORD = 'a-shared-word-of-the-server';
const HEADERS = { Authorization: { secret: `Basic {username}:${WORD}` } };

const it = gatewayTest
  .extend('application', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.createApplication({
      key: 'svn',
      kind: 'generic',
      passwords: 'forward',
      mount: { pathPrefix: '/svn' },
      upstream: upstream.url,
      identity: { mode: 'headers', headers: HEADERS },
    });
    return '/applications/svn';
  })
  .extend('send', ({ gateway, application: _application }) => async (username: string) => {
    await gateway.createUser({ username });
    const { secret } = await gateway.createToken({ owner: username, scope: 'read-only' });
    return request({ port: gateway.port, target: '/svn/x', headers: [['Host', 'a'], bearer(secret)] });
  });

describe('an identity as a credential for HTTP Basic', () => {
  it('R02: names the owner of the token, in UTF-8', async ({ upstream, send }) => {
    for (const username of ['alice', 'Zo\u00eb M\u00fcller']) {
      expect((await send(username)).status).toBe(200);
      expect(upstream.lastRequest?.headerValues('authorization')).toEqual([basic(username, WORD)[1]]);
    }
  });

  it('R61: is never shown, and kept when its mask comes back', async ({ gateway, upstream, application, send }) => {
    const shown = await gateway.admin.get<{ warnings: readonly { code: string }[] }>(application);
    expect(shown.body).toMatchObject({ identity: { headers: { Authorization: { secret: '********' } } } });
    expect(JSON.stringify(shown.body)).not.toContain(WORD);
    expect(shown.body.warnings.map(({ code }) => code)).not.toContain('identity_without_user');
    const headers = { Authorization: { secret: '********' } };
    const changed = await gateway.admin.patch(application, { name: 'Subversion', identity: { headers } });
    expect(changed).toMatchObject({ status: 200 });
    await send('bob');
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([basic('bob', WORD)[1]]);
    const events = await gateway.events({ application: 'svn' });
    expect(JSON.stringify(events)).not.toContain(WORD);
    expect(JSON.stringify(events)).not.toContain(Buffer.from(`bob:${WORD}`).toString('base64').slice(8, -4));
  });

  it('R02: cannot be sent by a client that guesses the word', async ({
    gateway,
    upstream,
    application: _application,
  }) => {
    await request({ port: gateway.port, target: '/svn/x', headers: [['Host', 'a'], basic('admin', WORD)] });
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([]);
  });

  it.for(['Basic {user}:word', 'Basic {email}:word', 'Basic {username:word'])(
    'R02: %s is refused',
    async (secret, { gateway, application }) => {
      const identity = { headers: { Authorization: { secret } } };
      const answer = await gateway.admin.patch(application, { identity });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'identity.headers.Authorization' }] } });
    },
  );

  it('R126: is tried by the check', async ({ gateway, upstream, application }) => {
    await gateway.createUser({ username: 'carol' });
    const secrets = { Authorization: 'Basic {username}:another-word' };
    const answer = await gateway.admin.post(`${application}/check`, { username: 'carol', secrets });
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([basic('carol', 'another-word')[1]]);
  });
});
