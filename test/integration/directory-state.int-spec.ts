import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { DirectoriesService } from '../../src/directory/ldap/directories.service.js';
import { DirectorySyncJob } from '../../src/directory/ldap/directory-sync.job.js';
import { DirectoryEntity } from '../../src/directory/ldap/directory.entity.js';
import ldapjs from 'ldapjs';
import {
  startLyingDirectory,
  type LdapAnswer,
  type LdapQuestion,
  type LyingDirectory,
} from '../support/lying-directory.js';
import { PasswordHasher, tooManyPasswords } from '../../src/directory/password.hasher.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

const BASE = 'dc=example,dc=com';

const USERS = `ou=people,${BASE}`;

const GROUPS = `ou=groups,${BASE}`;

const person = (uid: string): NonNullable<LdapAnswer['entries']>[number] => ({
  dn: `uid=${uid},${USERS}`,
  attributes: { uid, cn: uid, entryUUID: `id-${uid}` },
});

type ShownDirectory = {
  readonly url: string;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};

describe('a directory that is connected', () => {
  let ldap: LyingDirectory;
  let server: ScopegateFixture;
  let people: readonly string[] = [];
  let groups: readonly string[] = [];
  /** In place of the truth. */
  let lie: ((question: LdapQuestion) => LdapAnswer) | null = null;
  let questions = 0;

  const group = (cn: string): NonNullable<LdapAnswer['entries']>[number] => ({
    dn: `cn=${cn},${GROUPS}`,
    attributes: { cn, member: people.map((uid) => `uid=${uid},${USERS}`) },
  });
  const connect = async (more: object = {}): Promise<void> => {
    const body = { key: 'company', url: ldap.url, userBase: USERS, groupBase: GROUPS, ...more };
    const made = await server.admin.post('/directories', body);
    expect(made.status, JSON.stringify(made.body)).toBe(201);
  };
  const sync = async (): Promise<number> => (await server.admin.post('/directories/company/sync')).status;
  const warnings = async (): Promise<ShownDirectory['warnings']> =>
    (await server.admin.get<ShownDirectory>('/directories/company')).body.warnings;

  beforeAll(async () => {
    ldap = await startLyingDirectory((question) => {
      questions += 1;
      const { base } = question;
      return lie?.(question) ?? { entries: base.includes('people') ? people.map(person) : groups.map(group) };
    });
    server = await startScopegateFixture();
  });

  beforeEach(() => {
    people = ['anna', 'bob', 'carl'];
    groups = ['developers', 'testers'];
    lie = null;
  });

  afterEach(async () => {
    await server.admin.delete('/directories/company');
  });

  afterAll(async () => {
    await server?.stop();
    await ldap?.stop();
  });

  it('R93: what is left of it after a disconnection can be deleted, and is the same again when it is back', async () => {
    await connect();
    expect(await sync()).toBe(200);
    await server.patchPermissions({ useTokens: { everyone: true, groups: ['developers'] } });
    expect((await server.admin.delete('/directories/company')).status).toBe(204);
    expect((await server.admin.delete('/groups/testers')).status).toBe(404);
    const edited = await server.admin.patch<{ detail: string }>('/users/anna', { displayName: 'Anna' });
    expect([edited.status, edited.body.detail]).toEqual([409, expect.stringContaining('not connected any more')]);
    const named = await server.admin.delete<{ detail: string }>('/groups/developers');
    expect([named.status, named.body.detail]).toEqual([409, expect.stringContaining('A permission uses this group')]);
    await connect();
    expect(await sync()).toBe(200);
    const anna = await server.admin.get<{ groups: string[] }>('/users/anna');
    expect(anna.body).toMatchObject({ active: true, groups: ['developers', 'testers'] });
    expect(await warnings()).toEqual([]);
    expect((await server.admin.delete('/directories/company')).status).toBe(204);
    await server.patchPermissions({ useTokens: { everyone: true, groups: [] } });
    expect((await server.admin.delete('/groups/developers')).status).toBe(204);
  });

  it('R93: whole sentences say why a group stays', async () => {
    await connect();
    expect(await sync()).toBe(200);
    await server.patchPermissions({ useTokens: { everyone: true, groups: ['testers'] } });
    groups = ['developers'];
    expect(await sync()).toBe(200);
    expect(await warnings()).toEqual([
      {
        code: 'directory_group_kept',
        message:
          'The group "testers" is gone from the directory. It stays, without members, because a permission names it.',
      },
    ]);
    await server.patchPermissions({ useTokens: { everyone: true, groups: [] } });
    expect(await sync()).toBe(200);
    expect(await warnings()).toEqual([]);
  });

  it('R94: a synchronisation that is held, or fails, is a warning', async () => {
    await connect();
    expect(await sync()).toBe(200);
    people = ['anna'];
    expect(await sync()).toBe(200);
    expect(await warnings()).toEqual([
      { code: 'directory_sync_held', message: expect.stringContaining('would deactivate 2 of 3 users') as string },
    ]);
    people = [];
    expect(await sync()).toBe(503);
    expect((await warnings()).map(({ code }) => code)).toEqual(['directory_sync_failing', 'directory_sync_held']);
    expect((await warnings())[0]?.message).toContain('without a single user');
    people = ['anna', 'bob', 'carl'];
    expect(await sync()).toBe(200);
    expect(await warnings()).toEqual([]);
  });

  it.each<[string, LdapAnswer]>([
    ['fails after a part of the entries', { entries: [person('anna')], error: new ldapjs.UnavailableError() }],
    ['refers to another server', { entries: [person('anna')], references: ['ldap://other.example.com/'] }],
    ['answers with what is elsewhere', { entries: [{ ...person('anna'), dn: `uid=anna,ou=other,${BASE}` }] }],
    ['has nobody', {}],
  ])('R94: keeps all users where it %s', async (_name, answer) => {
    await connect({ maxDeactivations: 100 });
    expect(await sync()).toBe(200);
    lie = () => answer;
    expect(await sync()).toBe(503);
    for (const name of people) {
      const { body } = await server.admin.get(`/users/${name}`);
      expect(body).toMatchObject({ active: true, groups: ['developers', 'testers'] });
    }
    lie = null;
    expect(await sync()).toBe(200);
    expect(await warnings()).toEqual([]);
  });

  it('R93: is synchronised by itself after syncMinutes, and not before', async () => {
    await connect({ syncMinutes: 15 });
    const startMs = Date.now();
    let nowMs = startMs;
    server.provider(Clock).nowMs = () => nowMs;
    const due = (): void => server.provider(DirectorySyncJob).synchroniseDue();
    const lastSyncAt = (): number | null => server.provider(DirectoriesService).get('company').status.lastSyncAtMs;
    try {
      const before = questions;
      nowMs = startMs + 14 * 60_000;
      due();
      nowMs = startMs + 15 * 60_000;
      await expect.poll(() => (due(), lastSyncAt()), { timeout: 30_000 }).toBe(nowMs);
      // One for the users and one for the groups: a single synchronisation.
      expect(questions - before).toBe(2);
      nowMs += 15 * 60_000 - 1;
      due();
      nowMs += 1;
      await expect.poll(() => (due(), lastSyncAt()), { timeout: 30_000 }).toBe(nowMs);
      expect(questions - before).toBe(4);
    } finally {
      server.provider(Clock).nowMs = () => Date.now();
    }
  });

  it('R63: is changed only as it was read, where If-Match says so', async () => {
    await connect();
    const read = await server.admin.get('/directories/company');
    const tag = read.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"1-/);
    expect(await sync()).toBe(200);
    const change = { syncMinutes: 30 };
    const changed = await server.admin.patch('/directories/company', change, { headers: { 'If-Match': tag } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).toMatch(/^"2-/);
    const stale = await server.admin.patch<{ code: string }>(
      '/directories/company',
      { syncMinutes: 60 },
      { headers: { 'If-Match': tag } },
    );
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
  });

  it('R92: the case of the scheme makes no difference', async () => {
    await connect({ url: 'LDAPS://ldap.example.com' });
    const { body } = await server.admin.get<ShownDirectory>('/directories/company');
    expect(body).toMatchObject({ url: 'ldaps://ldap.example.com', warnings: [] });
    const both = await server.admin.patch('/directories/company', { url: 'LDAPS://ldap.example.com', startTls: true });
    expect(both.status).toBe(400);
  });

  it('R51, R95: nobody guesses a password at the directory whose guess is not counted', async () => {
    await connect();
    expect(await sync()).toBe(200);
    lie = () => ({ entries: [person('anna')] });
    const before = questions;
    const line = vi.spyOn(server.provider(PasswordHasher), 'matches').mockRejectedValue(tooManyPasswords());
    try {
      expect((await server.as({ user: 'anna', password: 'a guess' }).get('/me')).status).toBe(503);
    } finally {
      line.mockRestore();
    }
    expect(questions).toBe(before);
    expect((await server.as({ user: 'anna', password: 'whatever it accepts' }).get('/me')).status).toBe(200);
    expect(questions).toBe(before + 1);
  });

  it('R92: a test says that the stored password cannot be opened', async () => {
    await connect({ bindDn: `cn=reader,${BASE}`, bindPassword: 'the password' });
    // As after a change of keys that the operator has undone.
    await server
      .provider(UnitOfWork)
      .run(({ manager }) => manager.update(DirectoryEntity, { key: 'company' }, { sealedPassword: 'another one' }));
    await server.provider(ChangeFeed).actOn([{ topic: 'directories', subject: 'company' }]);
    const tried = await server.admin.post<{ advice: string[] }>('/directories/company/test', {});
    expect(tried.status).toBe(200);
    expect(tried.body).toMatchObject({ bound: false, users: 0 });
    expect(tried.body.advice).toEqual([expect.stringContaining('Set "bindPassword" again')]);
  });
});
