import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirectoryEntity } from '../../src/directory/ldap/directory.entity.js';
import { DataSource } from 'typeorm';
import { certificateMaker } from '../support/certificates.js';
import { canRunWith } from '../support/external-servers.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import {
  groupDn,
  isSlapdAvailable,
  ldapGroup,
  LIMITED,
  person,
  personDn,
  READER,
  startSlapd,
  SUFFIX,
  type SlapdServer,
} from '../support/slapd.server.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

type TestAnswer = {
  readonly connected: boolean;
  readonly tls: boolean;
  readonly bound: boolean;
  readonly users: number;
  readonly sample: readonly { readonly username: string; readonly groups: readonly string[] }[];
  readonly groups: number;
  readonly loggedIn: boolean | null;
  readonly advice: readonly string[];
};

/** More than two pages. */
const CROWD = Array.from({ length: 1_200 }, (_, index) => `user${String(index).padStart(4, '0')}`);

const ENTRIES = [
  person('anna'),
  person('bob'),
  person('o(*)h'),
  ...CROWD.map((uid) => person(uid)),
  ldapGroup('everyone', [groupDn('developers'), personDn('bob')]),
  ldapGroup('developers', [personDn('anna'), groupDn('everyone')]),
];

// Without slapd on the PATH there is no directory to read.
describe.runIf(canRunWith('slapd', isSlapdAvailable()))('a directory', () => {
  let slapd: SlapdServer;
  let server: ScopegateFixture;
  let otherAuthority: string;

  const directory = (more: object = {}): Record<string, unknown> => ({
    key: 'company',
    url: slapd.url,
    bindDn: READER.dn,
    bindPassword: READER.password,
    userBase: `ou=people,${SUFFIX}`,
    groupBase: `ou=groups,${SUFFIX}`,
    ...more,
  });

  const tested = async (more: object): Promise<TestAnswer> => {
    const answer = await server.admin.post<TestAnswer>('/directories/test', directory(more));
    expect(answer.status).toBe(200);
    return answer.body;
  };

  beforeAll(async () => {
    slapd = await startSlapd(ENTRIES);
    server = await startScopegateFixture();
    const folder = createTemporaryFolder('other-ca');
    otherAuthority = certificateMaker(folder.path).authority('Other CA').cert;
    await folder.remove();
  });

  afterAll(async () => {
    await server?.stop();
    await slapd?.stop();
  });

  it('R92: is tested before it is saved: connection, bind, users, groups and a login', async () => {
    const answer = await tested({ username: 'anna', password: 'password of anna' });
    expect(answer).toMatchObject({ connected: true, tls: false, bound: true, users: 1_203, groups: 2, loggedIn: true });
    expect(answer.sample[0]).toEqual({
      username: 'anna',
      displayName: 'Person anna',
      email: 'anna@example.com',
      disabled: false,
      groups: ['developers', 'everyone'],
    });
    expect(answer.advice).toEqual([]);
    expect((await server.admin.get<{ items: unknown[] }>('/directories')).body.items).toEqual([]);
  });

  it('R92: is warned about if nobody can see who is disabled', async () => {
    const answer = await tested({ attributes: { disabled: 'userAccountControl' } });
    expect(answer.advice).toEqual([expect.stringContaining('Of 1203 users, "userAccountControl" cannot be read')]);
  });

  it.each([
    ['a wrong password', { username: 'anna', password: 'other' }, false],
    ['no password (RFC 4513 5.1.2)', { username: 'anna', password: '' }, false],
    ['a name that is a filter', { username: '*', password: 'password of anna' }, false],
    ['a name with the characters of filters', { username: 'o(*)h', password: 'password of o(*)h' }, true],
    ['a user alone', { username: 'anna' }, null],
  ])('R95: the login of a test with %s', async (_name, login, loggedIn) => {
    expect((await tested(login)).loggedIn).toBe(loggedIn);
  });

  it('R92: is reached by ldaps and by StartTLS, with an authority of its own', async () => {
    const ca = slapd.authority.cert;
    const login = { username: 'bob', password: 'password of bob' };
    for (const secured of [{ url: slapd.secureUrl }, { startTls: true }]) {
      expect(await tested({ ...secured, ca, ...login })).toMatchObject({ tls: true, bound: true, loggedIn: true });
      for (const wrong of [{}, { ca: otherAuthority }]) {
        const answer = await tested({ ...secured, ...wrong, ...login });
        expect(answer).toMatchObject({ connected: false, tls: false, bound: false, users: 0, loggedIn: null });
        expect(answer.advice[0]).toContain('certificate');
      }
    }
  });

  it.each([
    ['a wrong password', { bindPassword: 'wrong' }, { connected: true, bound: false }, 'bindDn'],
    ['a wrong base', { userBase: `ou=nobody,${SUFFIX}` }, { bound: true, users: 0 }, 'userBase'],
    [
      'an account that gets a part of the users',
      { bindDn: LIMITED.dn, bindPassword: LIMITED.password },
      { bound: true, users: 0 },
      'limit',
    ],
    ['an account that may not read', { bindDn: null, bindPassword: null }, { users: 0 }, 'base'],
    ['a filter that finds nobody', { userFilter: '(uid=nobody)' }, { users: 0, groups: 2 }, 'userFilter'],
    ['no server', { url: 'ldap://127.0.0.1:1' }, { connected: false }, 'url'],
    ['TLS where there is none', { url: 'ldaps://127.0.0.1:1' }, { connected: false }, 'url'],
  ])('R92: a test says what is wrong with %s', async (_name, more, expected, advice) => {
    const answer = await tested(more);
    expect(answer).toMatchObject(expected);
    expect(answer.advice.join(' ')).toContain(advice);
  });

  it('R92: is saved, shown without its password, changed and removed', async () => {
    const made = await server.admin.post<Record<string, unknown>>('/directories', directory());
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ key: 'company', hasBindPassword: true, preset: 'openldap', syncMinutes: 15 });
    expect(made.body).toMatchObject({ status: { lastSyncAt: null, failing: false, pending: false, users: 0 } });
    for (const path of ['/directories', '/directories/company']) {
      expect(JSON.stringify((await server.admin.get(path)).body)).not.toContain(READER.password);
    }
    const [row] = await server.provider(DataSource).manager.find(DirectoryEntity);
    expect(JSON.stringify(row)).not.toContain(READER.password);
    expect((await server.admin.post('/directories', directory())).status).toBe(409);
    const test = await server.admin.post<TestAnswer>('/directories/company/test', {});
    expect(test.body).toMatchObject({ bound: true, users: 1_203, loggedIn: null });

    const patched = await server.admin.patch('/directories/company', { syncMinutes: 60, bindPassword: 'other' });
    expect(patched.body).toMatchObject({ syncMinutes: 60 });
    const events = await server.events({ type: 'directory.changed' });
    expect(events[0]?.detail).toMatchObject({
      subject: 'company',
      changes: { syncMinutes: { before: 15, after: 60 }, bindPassword: { before: '[redacted]', after: '[redacted]' } },
    });
    expect((await server.admin.delete('/directories/company')).status).toBe(204);
    expect((await server.admin.get('/directories/company')).status).toBe(404);
  });

  it('R111: a stored password is not sent to another address, nor without TLS', async () => {
    const secured = { key: 'secured', startTls: true, ca: slapd.authority.cert };
    expect((await server.admin.post('/directories', directory(secured))).status).toBe(201);
    for (const patch of [{ url: 'ldap://127.0.0.2:389' }, { startTls: false }]) {
      const refused = await server.admin.patch<{ errors: { field: string }[] }>('/directories/secured', patch);
      expect(refused.status).toBe(400);
      expect(refused.body.errors[0]?.field).toBe('bindPassword');
    }
    const again = { startTls: false, bindPassword: READER.password };
    expect((await server.admin.patch('/directories/secured', again)).status).toBe(200);
    expect((await server.admin.post<TestAnswer>('/directories/secured/test', {})).body.bound).toBe(true);
    const nobody = await server.admin.patch<object>('/directories/secured', { bindDn: null });
    expect(nobody.body).toMatchObject({ bindDn: null, hasBindPassword: false });
    await server.admin.delete('/directories/secured');
  });

  it.each([
    [{ key: 'local' }, 'key'],
    [{ url: 'http://127.0.0.1' }, 'url'],
    [{ url: 'ldap://user@127.0.0.1' }, 'url'],
    [{ url: 'ldap://127.0.0.1/dc=example' }, 'url'],
    [{ url: 'ldaps://127.0.0.1', startTls: true }, 'startTls'],
    [{ userBase: 'people' }, 'userBase'],
    [{ userBase: '' }, 'userBase'],
    [{ userFilter: '(uid=*' }, 'userFilter'],
    [{ attributes: { username: 'uid)(x' } }, 'attributes.username'],
    [{ bindPassword: null }, 'bindPassword'],
    [{ bindPassword: '' }, 'bindPassword'],
    [{ bindDn: null }, 'bindDn'],
    [{ ca: 'no certificate' }, 'ca'],
    [{ syncMinutes: 0 }, 'syncMinutes'],
    [{ maxDeactivations: 101 }, 'maxDeactivations'],
  ])('R92: is refused with %j', async (more, field) => {
    for (const path of ['/directories', '/directories/test']) {
      if (path.endsWith('test') && field === 'key') continue;
      const answer = await server.admin.post<{ errors: { field: string }[] }>(path, directory(more));
      expect(answer.status).toBe(400);
      expect(answer.body.errors.map((error) => error.field)).toContain(field);
    }
  });

  it('R92: is for administrators, and for no token that writes', async () => {
    const user = await server.createUser();
    const api = server.as({ user: user.username, password: user.password });
    expect((await api.get('/directories')).status).toBe(403);
    expect((await api.post('/directories/test', directory())).status).toBe(403);
    const { secret } = await server.createToken({ scope: 'read-write' });
    const token = server.as({ bearer: secret });
    expect((await token.get('/directories')).status).toBe(200);
    for (const path of ['/directories', '/directories/test']) {
      expect((await token.post(path, directory())).status).toBe(403);
    }
  });
});
