import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { StopState } from '../../src/common/stop/stop-state.js';
import { Clock } from '../../src/common/time/clock.js';
import { HeldLease } from '../../src/database/held-lease.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { GroupEntity } from '../../src/directory/group.entity.js';
import { DirectoriesService } from '../../src/directory/ldap/directories.service.js';
import { DirectorySyncJob } from '../../src/directory/ldap/directory-sync.job.js';
import { DirectorySyncService } from '../../src/directory/ldap/directory-sync.service.js';
import { DirectorySyncWriter } from '../../src/directory/ldap/directory-sync.writer.js';
import { LdapConnection } from '../../src/directory/ldap/ldap.connector.js';
import { UserEntity } from '../../src/directory/user.entity.js';
import type { ApiAnswer } from '../support/api.client.js';
import { startLyingDirectory, type LdapAnswer, type LyingDirectory } from '../support/lying-directory.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

/** Three batches of the writer. */
const CROWD = Array.from({ length: 450 }, (_, index) => `user${index}`);

const READ_MS = 5 * 60_000;

const WRITE_MS = 10 * 60_000;

const KEYS = ['company', 'branch'] as const;

type Key = (typeof KEYS)[number];

type Content = { readonly people: readonly string[]; readonly groups: Readonly<Record<string, readonly string[]>> };

type Sync = { readonly code?: string; readonly detail?: string; readonly created?: number; readonly held?: boolean };

type ShownDirectory = {
  readonly status: {
    readonly lastSyncAt: string | null;
    readonly lastSuccessAt: string | null;
    readonly failing: boolean;
    readonly waiting: { readonly emptiedGroups: number; readonly groups: number } | null;
  };
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};

const usersOf = (key: string): string => `ou=people,dc=${key},dc=example`;

const groupsOf = (key: string): string => `ou=groups,dc=${key},dc=example`;

describe('what happens while a directory is synchronised', () => {
  let ldap: LyingDirectory;
  let server: ScopegateFixture;
  let contents: Record<Key, Content>;
  let questions = 0;
  /** Done before the next search is answered. */
  let beforeAnswer: (() => Promise<unknown>) | null = null;

  const answerTo = async (base: string): Promise<LdapAnswer> => {
    questions += 1;
    const work = beforeAnswer;
    beforeAnswer = null;
    await work?.();
    const key = KEYS.find((name) => base.includes(`dc=${name}`)) ?? 'company';
    const { people, groups } = contents[key];
    const dnOf = (uid: string): string => `uid=${uid},${usersOf(key)}`;
    return {
      entries: base.includes('people')
        ? people.map((uid) => ({ dn: dnOf(uid), attributes: { uid, cn: uid, entryUUID: `${key}-${uid}` } }))
        : Object.entries(groups).map(([cn, members]) => ({
            dn: `cn=${cn},${groupsOf(key)}`,
            attributes: { cn, member: members.map(dnOf) },
          })),
    };
  };
  const connect = async (key: Key, more: object = {}): Promise<void> => {
    const body = { key, url: ldap.url, userBase: usersOf(key), groupBase: groupsOf(key), ...more };
    expect((await server.admin.post('/directories', body)).status).toBe(201);
  };
  const sync = (key: Key = 'company'): Promise<ApiAnswer<Sync>> => server.admin.post<Sync>(`/directories/${key}/sync`);
  const shown = async (): Promise<ShownDirectory> =>
    (await server.admin.get<ShownDirectory>('/directories/company')).body;
  const groupsNow = async (username: string): Promise<readonly string[]> =>
    (await server.admin.get<{ groups: readonly string[] }>(`/users/${username}`)).body.groups;
  const activeUsers = (): Promise<number> =>
    server.provider(DataSource).manager.countBy(UserEntity, { directory: 'company', active: true });
  /** The work is done when the writer asks whether it may begin this batch of `company`. */
  const beforeBatch = (nth: number, work: () => unknown): void => {
    const writer = server.provider(DirectorySyncWriter);
    const carryOut = writer.carryOut.bind(writer);
    let count = 0;
    vi.spyOn(writer, 'carryOut').mockImplementation((target, plan, actor, mayGoOn) =>
      carryOut(target, plan, actor, async () => {
        if (target.key === 'company') count += 1;
        if (target.key === 'company' && count === nth) await work();
        return mayGoOn();
      }),
    );
  };
  /** The work is done when a connection to the directory has just been opened, and nobody knows it yet. */
  const onceOpened = (work: () => void): void => {
    const open = LdapConnection.open.bind(LdapConnection);
    vi.spyOn(LdapConnection, 'open').mockImplementation(async (...target) => {
      const connection = await open(...target);
      work();
      return connection;
    });
  };
  const beginStop = (): void => {
    vi.spyOn(server.provider(StopState), 'isStopping', 'get').mockReturnValue(true);
  };

  beforeAll(async () => {
    ldap = await startLyingDirectory(({ base }) => answerTo(base));
    server = await startScopegateFixture();
  });

  beforeEach(() => {
    contents = { company: { people: ['anna'], groups: {} }, branch: { people: ['bob'], groups: {} } };
    beforeAnswer = null;
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const key of KEYS) await server.admin.delete(`/directories/${key}`);
    await server
      .provider(UnitOfWork)
      .run(({ manager }) => manager.delete(GroupEntity, { name: 'shared', directory: 'local' }));
    await server.provider(UnitOfWork).run(({ manager }) => manager.delete(UserEntity, { directory: 'company' }));
  });

  afterAll(async () => {
    await server?.stop();
    await ldap?.stop();
  });

  describe.each([
    ['a user who is new', false],
    ['a user who is there', true],
  ])('R93: %s does not get into a group of the same name', (_who, isThere) => {
    beforeEach(async () => {
      await connect('company');
      if (isThere) expect((await sync()).status).toBe(200);
      contents.company = { people: ['anna'], groups: { shared: ['anna'] } };
    });

    it('that was made here after the plan', async () => {
      beforeBatch(1, () => server.createGroup('shared'));
      expect((await sync()).status).toBe(200);
      expect(await groupsNow('anna')).toEqual([]);
    });

    it('that another directory has got after the plan', async () => {
      contents.branch = { people: ['bob'], groups: { shared: ['bob'] } };
      await connect('branch');
      beforeBatch(1, async () => {
        expect((await sync('branch')).status).toBe(200);
      });
      expect((await sync()).status).toBe(200);
      expect([await groupsNow('anna'), await groupsNow('bob')]).toEqual([[], ['shared']]);
    });
  });

  it('R93: neither empties nor removes a group that is not of the directory any more', async () => {
    contents.company = { people: ['anna', 'carl'], groups: { shared: ['anna', 'carl'] } };
    await connect('company', { maxDeactivations: 100 });
    expect((await sync()).status).toBe(200);
    contents.company = { people: ['anna'], groups: {} };
    const local = { directory: 'local' };
    beforeBatch(1, () =>
      server.provider(UnitOfWork).run(({ manager }) => manager.update(GroupEntity, { name: 'shared' }, local)),
    );
    expect((await sync()).body).toMatchObject({ groups: 0, deactivated: 1 });
    expect([await groupsNow('anna'), await groupsNow('carl')]).toEqual([['shared'], ['shared']]);
  });

  it('R93: a directory that is switched off meanwhile is changed no more', async () => {
    contents.company = { people: CROWD, groups: {} };
    await connect('company');
    beforeBatch(2, () => server.admin.patch('/directories/company', { enabled: false }));
    const { status, body } = await sync();
    expect([status, body.code]).toEqual([409, 'conflict']);
    expect(body.detail).toBe('The directory was changed while it was being synchronised. Synchronise it again.');
    expect(await activeUsers()).toBe(200);
    expect((await shown()).status).toMatchObject({ lastSyncAt: expect.any(String) as string, lastSuccessAt: null });
  });

  it('R94: what was read by other rules is neither carried out nor held', async () => {
    contents.company = { people: ['anna', 'bob', 'carl'], groups: {} };
    await connect('company');
    expect((await sync()).status).toBe(200);
    contents.company = { people: ['anna'], groups: {} };
    beforeAnswer = () => server.admin.patch('/directories/company', { name: 'Another name' });
    expect((await sync()).status).toBe(409);
    expect((await shown()).status).toMatchObject({ waiting: null, failing: false });
    expect(await server.events({ type: 'directory.held' })).toEqual([]);
  });

  it.each<[string, () => void]>([
    ['whose lease is lost', () => void vi.spyOn(HeldLease.prototype, 'stillHolds').mockResolvedValue(false)],
    [
      'that takes too long',
      () => void vi.spyOn(server.provider(Clock), 'nowMs').mockReturnValue(Date.now() + WRITE_MS),
    ],
    ['of a server that stops (R79)', () => beginStop()],
  ])('R93: a synchronisation %s is no success, and the next one does the rest', async (_what, work) => {
    contents.company = { people: CROWD, groups: {} };
    await connect('company');
    beforeBatch(2, work);
    const { status, body } = await sync();
    expect([status, body.code]).toEqual([503, 'directory_unavailable']);
    expect(body.detail).toBe('The synchronisation did not come to its end; the next one does the rest.');
    vi.restoreAllMocks();
    expect(await activeUsers()).toBe(200);
    expect((await shown()).status).toMatchObject({
      lastSyncAt: expect.any(String) as string,
      lastSuccessAt: null,
      failing: false,
    });
    expect((await sync()).body).toMatchObject({ created: 250 });
    expect((await shown()).status.lastSuccessAt).not.toBeNull();
  });

  it('R79: a server that stops begins no synchronisation by itself', async () => {
    await connect('company');
    const nowMs = Date.now() + 16 * 60_000;
    vi.spyOn(server.provider(Clock), 'nowMs').mockReturnValue(nowMs);
    const begun = vi.spyOn(server.provider(DirectorySyncService), 'synchronise').mockResolvedValue(null);
    beginStop();
    server.provider(DirectorySyncJob).synchroniseDue();
    expect(begun).not.toHaveBeenCalled();
  });

  it('R79: a connection that was being opened when the server began to stop is not used', async () => {
    await connect('company');
    const before = questions;
    onceOpened(beginStop);
    const { status, body } = await sync();
    expect([status, body.code, body.detail]).toEqual([503, 'policy_unavailable', 'The server is stopping.']);
    expect(questions).toBe(before);
    vi.restoreAllMocks();
    expect((await shown()).status.failing).toBe(false);
  });

  it('R94: the time for reading a directory has the opening of the connection in it', async () => {
    await connect('company');
    const before = questions;
    const timeouts = vi.spyOn(globalThis, 'setTimeout');
    onceOpened(() => {
      const limit = timeouts.mock.calls.find(([, ms]) => ms === READ_MS);
      limit?.[0]();
    });
    const { status, body } = await sync();
    expect([status, body.code]).toEqual([503, 'directory_unavailable']);
    expect(body.detail).toContain('does not answer in time');
    expect(questions).toBe(before);
  });

  it('R94: asks again where other groups would lose their members than those that were shown', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `group${index}`);
    const emptied = (count: number): Content => ({
      people: ['anna'],
      groups: Object.fromEntries(names.map((name, index) => [name, index < count ? [] : ['anna']])),
    });
    const held = (): ReturnType<ScopegateFixture['events']> => server.events({ type: 'directory.held' });
    const confirm = async (): Promise<Sync> =>
      (await server.admin.post<Sync>('/directories/company/sync/confirm')).body;
    contents.company = emptied(0);
    await connect('company');
    expect((await sync()).status).toBe(200);
    contents.company = emptied(3);
    for (let count = 0; count < 2; count += 1) expect((await sync()).body).toMatchObject({ held: true });
    expect(await held()).toHaveLength(1);
    contents.company = emptied(10);
    expect(await confirm()).toMatchObject({ held: true });
    expect(await groupsNow('anna')).toEqual(names);
    expect((await shown()).status.waiting).toMatchObject({ emptiedGroups: 10, groups: 10 });
    expect(await held()).toHaveLength(2);
    expect(await confirm()).toMatchObject({ held: false });
    expect(await groupsNow('anna')).toEqual([]);
  });

  it('R94: stores a bounded list of what it refuses, and does not call it the whole', async () => {
    const people = Array.from({ length: 1_200 }, (_, index) => `with:colon${index}`);
    contents.company = { people: ['anna', ...people], groups: {} };
    await connect('company');
    expect((await sync()).body).toMatchObject({ created: 1 });
    expect(server.provider(DirectoriesService).get('company').status.conflicts).toHaveLength(1_000);
    const { warnings } = await shown();
    expect(warnings).toHaveLength(51);
    expect(warnings.at(-1)?.message).toBe('There are at least 950 more users and groups like these.');
  });
});
