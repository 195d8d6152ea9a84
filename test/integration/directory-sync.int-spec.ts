import { Attribute, Change, type Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirectorySyncService } from '../../src/directory/ldap/directory-sync.service.js';
import { canRunWith } from '../support/external-servers.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import {
  groupDn,
  isSlapdAvailable,
  ldapGroup,
  person,
  personDn,
  READER,
  startSlapd,
  SUFFIX,
  type SlapdServer,
} from '../support/slapd.server.js';

type Sync = {
  readonly created: number;
  readonly changed: number;
  readonly deactivated: number;
  readonly groups: number;
  readonly held: boolean;
};

type ShownUser = {
  readonly username: string;
  readonly active: boolean;
  readonly groups: readonly string[];
  readonly directory: string;
  readonly email: string | null;
};

type ShownDirectory = {
  readonly status: {
    readonly failing: boolean;
    readonly pending: boolean;
    readonly users: number;
    readonly groups: number;
  };
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};

/** In four pages of the server. */
const CROWD = Array.from({ length: 1_994 }, (_, index) => `user${String(index).padStart(4, '0')}`);

const ENTRIES = [
  ...['anna', 'bob', 'carl', 'dora', 'admin', 'local'].map((uid) => person(uid)),
  ...CROWD.map((uid) => person(uid)),
  ldapGroup('everyone', [groupDn('developers'), ...CROWD.map(personDn)]),
  ldapGroup('developers', [personDn('anna'), personDn('bob'), groupDn('everyone')]),
  ldapGroup('administrators', [personDn('carl')]),
];

const set = (type: string, value: string): Change =>
  new Change({ operation: 'replace', modification: new Attribute({ type, values: [value] }) });

// Without slapd on the PATH there is no directory to read.
describe.runIf(canRunWith('slapd', isSlapdAvailable()))('the synchronisation of a directory', () => {
  let slapd: SlapdServer;
  let server: ScopegateFixture;

  const sync = async (): Promise<Sync> => {
    const answer = await server.admin.post<Sync>('/directories/company/sync');
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  const user = async (name: string): Promise<ShownUser> => (await server.admin.get<ShownUser>(`/users/${name}`)).body;
  const directory = async (): Promise<ShownDirectory> =>
    (await server.admin.get<ShownDirectory>('/directories/company')).body;
  const change = (work: (client: Client) => Promise<unknown>): Promise<void> => slapd.change(work);

  beforeAll(async () => {
    slapd = await startSlapd(ENTRIES);
    server = await startScopegateFixture();
    await server.createUser({ username: 'Local' });
    const made = await server.admin.post('/directories', {
      key: 'company',
      url: slapd.url,
      bindDn: READER.dn,
      bindPassword: READER.password,
      userBase: `ou=people,${SUFFIX}`,
      groupBase: `ou=groups,${SUFFIX}`,
      attributes: { disabled: 'employeeType' },
    });
    expect(made.status).toBe(201);
  });

  afterAll(async () => {
    await server?.stop();
    await slapd?.stop();
  });

  it('R93: takes 2,000 users and nested groups, with the directory as the actor', async () => {
    expect(await sync()).toEqual({ created: 1_998, changed: 0, deactivated: 0, groups: 2, held: false });
    expect(await user('anna')).toMatchObject({
      directory: 'company',
      active: true,
      groups: ['developers', 'everyone'],
    });
    expect(await user('user0007')).toMatchObject({ groups: ['developers', 'everyone'] });
    expect(await directory()).toMatchObject({ status: { users: 1_998, groups: 2, failing: false, pending: false } });
    const [event] = await server.events({ type: 'user.created', user: 'directory:company' });
    expect(event).toMatchObject({ actor: 'directory:company', credential: null });
    expect(await sync()).toEqual({ created: 0, changed: 0, deactivated: 0, groups: 0, held: false });
  });

  it('R95: refuses local users and groups of the same name, and names them', async () => {
    const messages = (await directory()).warnings.map(({ message }) => message).join('\n');
    for (const name of ['"admin" is also a local user', '"local" is also', '"administrators" is also a local group']) {
      expect(messages).toContain(name);
    }
    expect(await user('admin')).toMatchObject({ directory: 'local', groups: ['administrators'] });
    // Nobody becomes an administrator by a group of the directory.
    expect(await user('carl')).toMatchObject({ directory: 'company', groups: [] });
  });

  it('R93: changes what is changed there, and refuses to change it here', async () => {
    await change((client) => client.modify(personDn('anna'), [set('mail', 'new@example.com')]));
    expect(await sync()).toMatchObject({ created: 0, changed: 1, deactivated: 0, groups: 0 });
    expect((await user('anna')).email).toBe('new@example.com');
    await server.createGroup('testers');
    const refusals = [
      server.admin.patch('/users/anna', { email: null }),
      server.admin.patch('/users/anna', { active: false }),
      server.admin.patch('/users/anna', { password: 'correct horse battery' }),
      server.admin.patch('/users/anna', { groups: [] }),
      server.admin.post('/users/anna/rename', { username: 'other' }),
      server.admin.delete('/users/anna'),
      server.admin.put('/groups/developers/members/admin'),
      server.admin.delete('/groups/developers/members/anna'),
      server.admin.delete('/groups/developers'),
      server.admin.post('/users', { username: 'new', groups: ['developers'] }),
    ];
    for (const refused of await Promise.all(refusals)) {
      expect(refused.status).toBe(409);
      expect(JSON.stringify(refused.body)).toContain('directory \\"company\\"');
    }
    expect((await server.admin.put('/groups/testers/members/anna')).status).toBe(204);
    expect(await sync()).toMatchObject({ changed: 0 });
    expect((await user('anna')).groups).toEqual(['developers', 'everyone', 'testers']);
  });

  it('R93: keeps a user who is renamed there, with its tokens', async () => {
    const token = await server.createToken({ scope: 'read-only', owner: 'bob' });
    await change((client) => client.modifyDN(personDn('bob'), 'uid=bob.b'));
    expect(await sync()).toMatchObject({ created: 0, changed: 1, deactivated: 0 });
    expect((await server.admin.get('/users/bob')).status).toBe(404);
    const shown = await server.admin.get<{ owner: string }>(`/tokens/${token.id}`);
    expect(shown.body.owner).toBe('bob.b');
    await change((client) => client.modifyDN(personDn('bob.b'), 'uid=bob'));
    expect(await sync()).toMatchObject({ changed: 1 });
  });

  it('R26: refuses the tokens of users who vanish or are disabled, until they are back', async () => {
    const tokens = await Promise.all(
      ['carl', 'dora'].map((owner) => server.createToken({ scope: 'read-only', owner })),
    );
    const statuses = async (): Promise<number[]> =>
      Promise.all(tokens.map(async ({ secret }) => (await server.as({ bearer: secret }).get('/me')).status));
    expect(await statuses()).toEqual([200, 200]);
    await change(async (client) => {
      await client.del(personDn('carl'));
      await client.modify(personDn('dora'), [set('employeeType', 'disabled')]);
    });
    expect(await sync()).toMatchObject({ created: 0, changed: 0, deactivated: 2, held: false });
    expect(await statuses()).toEqual([401, 401]);
    expect(await user('carl')).toMatchObject({ active: false });
    const [event] = await server.events({ type: 'user.changed', user: 'directory:company' });
    expect(event?.detail).toMatchObject({ changes: { active: { before: true, after: false } } });
    await change(async (client) => {
      await client.add(personDn('carl'), person('carl').attributes as Record<string, string>);
      await client.modify(personDn('dora'), [set('employeeType', 'active')]);
    });
    expect(await sync()).toMatchObject({ created: 0, changed: 2, deactivated: 0 });
    expect(await statuses()).toEqual([200, 200]);
  });

  it('R26: refuses the tokens of a disabled user, although the entry got a name that is refused', async () => {
    const { secret } = await server.createToken({ scope: 'read-only', owner: 'dora' });
    const status = async (): Promise<number> => (await server.as({ bearer: secret }).get('/me')).status;
    await change((client) => client.modifyDN(personDn('dora'), 'uid=do:ra'));
    expect(await sync()).toMatchObject({ changed: 0, deactivated: 0 });
    expect(await status()).toBe(200);
    await change((client) => client.modify(personDn('do:ra'), [set('employeeType', 'disabled')]));
    expect(await sync()).toMatchObject({ changed: 0, deactivated: 1, held: false });
    expect(await status()).toBe(401);
    expect(await user('dora')).toMatchObject({ active: false });
    await change(async (client) => {
      await client.modify(personDn('do:ra'), [set('employeeType', 'active')]);
      await client.modifyDN(personDn('do:ra'), 'uid=dora');
    });
    expect(await sync()).toMatchObject({ changed: 1, deactivated: 0 });
    expect(await status()).toBe(200);
  });

  it('R93: follows a group that is renamed', async () => {
    await change((client) => client.modifyDN(groupDn('everyone'), 'cn=all'));
    expect(await sync()).toMatchObject({ groups: 2, held: false });
    expect((await user('user0001')).groups).toContain('all');
    expect((await user('user0001')).groups).not.toContain('everyone');
  });

  it('R94: asks before it deactivates more than a fifth, and does what was confirmed', async () => {
    const some = CROWD.slice(0, 450);
    await change(async (client) => {
      for (const uid of some) await client.modify(personDn(uid), [set('employeeType', 'left')]);
    });
    expect(await sync()).toMatchObject({ deactivated: 450, held: true });
    expect(await sync()).toMatchObject({ held: true });
    expect(await user('user0000')).toMatchObject({ active: true });
    expect(await directory()).toMatchObject({
      status: { pending: true, failing: false, waiting: { deactivations: 450 } },
    });
    expect(await server.events({ type: 'directory.held' })).toHaveLength(1);
    // Another one has left meanwhile: that is not what the administrator has seen.
    await change((client) => client.modify(personDn('user0450'), [set('employeeType', 'left')]));
    const confirm = (): Promise<{ body: Sync; status: number }> =>
      server.admin.post<Sync>('/directories/company/sync/confirm');
    expect((await confirm()).body).toMatchObject({ deactivated: 451, held: true });
    expect((await confirm()).body).toMatchObject({ deactivated: 451, held: false });
    expect(await user('user0000')).toMatchObject({ active: false });
    expect((await confirm()).status).toBe(409);
    expect(await directory()).toMatchObject({ status: { pending: false, users: 1_547 } });
  });

  it('R94: changes nothing while the directory is away, and says so once', async () => {
    const before = (await directory()).status;
    await slapd.kill9();
    for (let count = 0; count < 2; count += 1) {
      const answer = await server.admin.post<{ code: string }>('/directories/company/sync');
      expect([answer.status, answer.body.code]).toEqual([503, 'directory_unavailable']);
    }
    expect((await directory()).status).toMatchObject({ users: before.users, failing: true });
    expect(await user('anna')).toMatchObject({ active: true });
    expect(await server.events({ type: 'directory.failed' })).toHaveLength(1);
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    expect(metrics).toContain('scopegate_directory_sync_failing{directory="company"} 1');
    await slapd.restart();
    expect(await sync()).toMatchObject({ created: 0, deactivated: 0 });
    expect(await server.events({ type: 'directory.recovered' })).toHaveLength(1);
  });

  it('R94: ends in time where the directory hangs, changes nothing, and can be repeated at once', async () => {
    const { users } = (await directory()).status;
    slapd.hang();
    try {
      const answer = await server.admin.post<{ code: string }>('/directories/company/sync');
      expect([answer.status, answer.body.code]).toEqual([503, 'directory_unavailable']);
      expect(JSON.stringify(answer.body)).toContain('in time');
      expect((await directory()).status).toMatchObject({ users, failing: true });
      expect(await user('anna')).toMatchObject({ active: true });
    } finally {
      slapd.goOn();
    }
    expect(await sync()).toMatchObject({ created: 0, changed: 0, deactivated: 0 });
  });

  it('R93: is not done where another node was quicker', async () => {
    expect(await server.provider(DirectorySyncService).synchronise('company', () => false)).toBeNull();
  });

  it('R92: is disconnected: its users become inactive and stay', async () => {
    expect((await server.admin.delete('/directories/company')).status).toBe(204);
    expect(await user('anna')).toMatchObject({ active: false, directory: 'company', groups: ['testers'] });
    expect((await server.admin.delete('/users/anna')).status).toBe(204);
  });
});
