import { Attribute, Change } from 'ldapts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunWith } from '../support/external-servers.js';
import { DOMAIN, isSambaAvailable, startSamba, unicodePassword, type SambaServer } from '../support/samba.server.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

const STAFF = `OU=staff,${DOMAIN}`;

const ENABLED = '512';

const DISABLED = '514';

const READER = { name: 'reader@corp.example.com', password: 'Passw0rd-of-reader' };

const passwordOf = (name: string): string => `Passw0rd-of-${name}`;

/** Setting up a domain takes a while. */
const START_MS = 600_000;

// Without Samba as a domain controller there is no Active Directory to read.
describe.runIf(canRunWith('samba', isSambaAvailable()))('a domain of Active Directory', () => {
  let samba: SambaServer;
  let server: ScopegateFixture;

  const sync = async (): Promise<unknown> => {
    const answer = await server.admin.post('/directories/corp/sync');
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  const login = async (user: string, password: string): Promise<number> =>
    (await server.as({ user, password }).get('/me')).status;
  const personDn = (name: string): string => `CN=${name},${STAFF}`;

  beforeAll(async () => {
    samba = await startSamba();
    await samba.change(async (client) => {
      await client.add(STAFF, { objectClass: 'organizationalUnit' });
      for (const name of ['reader', 'anna', 'bob', 'carl']) {
        await client.add(personDn(name), [
          new Attribute({ type: 'objectClass', values: ['user'] }),
          new Attribute({ type: 'sAMAccountName', values: [name] }),
          new Attribute({ type: 'userPrincipalName', values: [`${name}@corp.example.com`] }),
          new Attribute({ type: 'unicodePwd', values: [unicodePassword(passwordOf(name))] }),
          new Attribute({ type: 'userAccountControl', values: [name === 'carl' ? DISABLED : ENABLED] }),
        ]);
      }
      const group = async (name: string, members: string[]): Promise<void> =>
        client.add(`CN=${name},${STAFF}`, { objectClass: 'group', sAMAccountName: name, member: members });
      await group('testers', [personDn('bob')]);
      await group('developers', [personDn('anna'), `CN=testers,${STAFF}`]);
    });
    server = await startScopegateFixture();
    const made = await server.admin.post('/directories', {
      key: 'corp',
      preset: 'active-directory',
      url: `ldap://${samba.host}`,
      startTls: true,
      ca: samba.authority,
      bindDn: READER.name,
      bindPassword: READER.password,
      userBase: STAFF,
      groupBase: STAFF,
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
  }, START_MS);

  afterAll(async () => {
    await server?.stop();
    await samba?.stop();
  });

  it('R93: gives users, nested groups and who is disabled', async () => {
    expect(await sync()).toMatchObject({ created: 4, deactivated: 0, groups: 2, held: false });
    const user = async (name: string): Promise<unknown> => (await server.admin.get(`/users/${name}`)).body;
    expect(await user('anna')).toMatchObject({ active: true, groups: ['developers'], directory: 'corp' });
    expect(await user('bob')).toMatchObject({ active: true, groups: ['developers', 'testers'] });
    expect(await user('carl')).toMatchObject({ active: false });
    expect(await sync()).toMatchObject({ created: 0, changed: 0, groups: 0 });
  });

  it('R95: checks passwords', async () => {
    expect(await login('anna', passwordOf('anna'))).toBe(200);
    expect(await login('anna', passwordOf('bob'))).toBe(401);
    expect(await login('carl', passwordOf('carl'))).toBe(401);
  });

  it('R93: a renamed user stays the same one', async () => {
    const token = await server.createToken({ scope: 'read-only', owner: 'bob' });
    await samba.change((client) =>
      client.modify(personDn('bob'), [
        new Change({
          operation: 'replace',
          modification: new Attribute({ type: 'sAMAccountName', values: ['robert'] }),
        }),
      ]),
    );
    expect(await sync()).toMatchObject({ created: 0, changed: 1, deactivated: 0 });
    expect((await server.admin.get<{ owner: string }>(`/tokens/${token.id}`)).body.owner).toBe('robert');
  });

  it('R94: its references to other parts are left out, and are no part of the answer', async () => {
    const patched = await server.admin.patch('/directories/corp', { userBase: DOMAIN });
    expect(patched.status).toBe(200);
    const tried = await server.admin.post<{ users: number; advice: string[] }>('/directories/corp/test', {});
    expect(tried.body.advice).toEqual([]);
    expect(tried.body.users).toBeGreaterThan(4);
  });
});
