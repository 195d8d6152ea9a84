import { Attribute, Change } from 'ldapts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logIn } from '../support/browser-session.client.js';
import { canRunWith } from '../support/external-servers.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { basic, startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import {
  isSlapdAvailable,
  person,
  personDn,
  READER,
  startSlapd,
  SUFFIX,
  type LdapEntry,
  type SlapdServer,
} from '../support/slapd.server.js';

/** Two entries of one name, below different entries. */
const TWINS: readonly LdapEntry[] = ['one', 'two'].map((ou) => ({
  dn: `uid=twin${ou},ou=people,${SUFFIX}`,
  attributes: { ...person('twin').attributes, uid: [`twin${ou}`, ...(ou === 'one' ? ['twin'] : [])] },
}));

// Without slapd on the PATH there is no directory to log in at.
describe.runIf(canRunWith('slapd', isSlapdAvailable()))('a login with a password of a directory', () => {
  let slapd: SlapdServer;
  let server: ScopegateFixture;
  let upstream: RecordingUpstream;

  const login = async (user: string, password: string): Promise<number> =>
    (await server.as({ user, password }).get('/me')).status;
  const sync = async (): Promise<void> => {
    expect((await server.admin.post('/directories/company/sync')).status).toBe(200);
  };

  beforeAll(async () => {
    slapd = await startSlapd([...['anna', 'bob', 'carl', 'dora', 'eve', 'o(*)h'].map((uid) => person(uid)), ...TWINS]);
    server = await startScopegateFixture();
    upstream = await startRecordingUpstream();
    await server.patchSettings({ throttling: { maxFailures: 1_000 } });
    const made = await server.admin.post('/directories', {
      key: 'company',
      url: slapd.url,
      startTls: true,
      ca: slapd.authority.cert,
      bindDn: READER.dn,
      bindPassword: READER.password,
      userBase: `ou=people,${SUFFIX}`,
      attributes: { disabled: 'employeeType' },
    });
    expect(made.status).toBe(201);
    await sync();
  });

  afterAll(async () => {
    await upstream?.stop();
    await server?.stop();
    await slapd?.stop();
  });

  it.each([
    ['anna', 'password of anna', 200],
    ['ANNA', 'password of anna', 200],
    ['anna', 'password of bob', 401],
    ['anna', '', 401],
    ['o(*)h', 'password of o(*)h', 200],
    ['*', 'password of anna', 401],
    ['anna)(uid=*', 'password of anna', 401],
    ['nobody', 'password of anna', 401],
    ['anna', 'x'.repeat(2_000), 401],
  ])('R95: %s with %s is %i', async (user, password, status) => {
    expect(await login(user, password)).toBe(status);
  });

  it('R95: is refused if several entries have the name', async () => {
    // The two have got one name after the synchronisation.
    expect(await login('twintwo', 'password of twin')).toBe(200);
    await slapd.change((client) =>
      client.modify(personDn('twinone'), [
        new Change({ operation: 'add', modification: new Attribute({ type: 'uid', values: ['twintwo'] }) }),
      ]),
    );
    // Its password has just been accepted, and is recognised until the user changes.
    await server.createGroup('twins');
    expect((await server.admin.put('/groups/twins/members/twintwo')).status).toBe(204);
    expect(await login('twintwo', 'password of twin')).toBe(401);
    const test = { username: 'twintwo', password: 'password of twin' };
    const tried = await server.admin.post<{ loggedIn: boolean; advice: string[] }>('/directories/company/test', test);
    expect(tried.body.loggedIn).toBe(false);
    expect(tried.body.advice.join(' ')).toContain('Several entries');
  });

  it('R95: is recognised for a while without the directory, until the user changes', async () => {
    expect(await login('bob', 'password of bob')).toBe(200);
    slapd.hang();
    try {
      expect(await login('bob', 'password of bob')).toBe(200);
      // A failure is no refusal, and ends in time.
      expect(await login('carl', 'password of carl')).toBe(503);
      expect(await login('admin', server.adminPassword)).toBe(200);
    } finally {
      slapd.goOn();
    }
    await slapd.change(async (client) => {
      await client.del(personDn('bob'));
    });
    await sync();
    expect(await login('bob', 'password of bob')).toBe(401);
  });

  it('R95: follows a new password and a disabled user before the next synchronisation', async () => {
    await slapd.change(async (client) => {
      const change = (type: string, value: string): Change =>
        new Change({ operation: 'replace', modification: new Attribute({ type, values: [value] }) });
      await client.modify(personDn('dora'), [change('userPassword', 'another one')]);
      await client.modify(personDn('eve'), [change('employeeType', 'left')]);
    });
    expect(await login('dora', 'password of dora')).toBe(401);
    expect(await login('dora', 'another one')).toBe(200);
    expect(await login('eve', 'password of eve')).toBe(401);
  });

  it('R95: does not let another person in who has got the name in the directory', async () => {
    await slapd.change(async (client) => {
      await client.modifyDN(personDn('carl'), 'uid=carl.old');
      await client.modifyDN(personDn('dora'), 'uid=carl');
    });
    expect(await login('carl', 'another one')).toBe(401);
    expect(await login('carl', 'password of carl')).toBe(401);
    await slapd.change(async (client) => {
      await client.modifyDN(personDn('carl'), 'uid=dora');
      await client.modifyDN(`uid=carl.old,ou=people,${SUFFIX}`, 'uid=carl');
    });
    // It was refused a moment ago, and is for a few seconds more.
    await expect.poll(() => login('carl', 'password of carl'), { timeout: 30_000 }).toBe(200);
  });

  it('R95: works where the gateway checks passwords itself, and says where a password is changed', async () => {
    const anna = server.as({ user: 'anna', password: 'password of anna' });
    const changed = await anna.post('/me/password', {
      current: 'password of anna',
      new: 'correct horse battery',
    });
    expect(changed.status).toBe(409);
    expect(JSON.stringify(changed.body)).toContain('directory');
    const created = await anna.post<{ secret: string }>('/tokens', {
      description: 'mine',
      scope: 'read-only',
      validity: 'P1M',
    });
    expect(created.status).toBe(201);
    const key = await server.createApplication({
      upstream: upstream.url,
      mount: { pathPrefix: '/app' },
      kind: 'generic',
      version: null,
    });
    const answer = await fetch(`${server.url}/app/x`, {
      headers: Object.fromEntries([basic('anna', created.body.secret)]),
    });
    expect([key.length > 0, answer.status]).toEqual([true, 200]);
    const events = await server.events({ user: 'anna' });
    expect(JSON.stringify(events)).not.toContain('password of anna');
  });

  it('R99: opens a session of a browser, and is asked for again before a change', async () => {
    const { api } = await logIn(server.managementUrl, { username: 'anna', password: 'password of anna' });
    expect((await api.get<{ username: string }>('/session')).body.username).toBe('anna');
    for (const [password, status] of [
      ['password of bob', 401],
      ['', 401],
      ['password of anna', 204],
    ] as const) {
      const answer = await api.post('/session/step-up', { password });
      // A wrong password is no password; an empty one is no valid body.
      expect(answer.status === 400 ? 401 : answer.status, password).toBe(status);
    }
    await expect(logIn(server.managementUrl, { username: 'anna', password: 'password of bob' })).rejects.toThrow('401');
  });

  it('R95: is forwarded where the application checks passwords itself', async () => {
    await server.createApplication({
      upstream: upstream.url,
      mount: { pathPrefix: '/open' },
      kind: 'generic',
      version: null,
      passwords: 'forward',
    });
    const password = Object.fromEntries([basic('anna', 'password of anna')]);
    expect((await fetch(`${server.url}/open/x`, { headers: password })).status).toBe(200);
    expect(upstream.lastRequest?.header('authorization')).toBe(password['Authorization']);
    // The one of the test before takes tokens alone.
    expect((await fetch(`${server.url}/app/x`, { headers: password })).status).toBe(401);
  });

  it('R95: ends with the directory', async () => {
    expect((await server.admin.patch('/directories/company', { enabled: false })).status).toBe(200);
    expect(await login('anna', 'password of anna')).toBe(401);
  });
});
