import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_ACTOR } from '../../src/audit/actor.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { DirectoriesService } from '../../src/directory/ldap/directories.service.js';
import { UserEntity } from '../../src/directory/user.entity.js';
import type { ApiAnswer } from '../support/api.client.js';
import { startLyingDirectory, type LdapAnswer, type LyingDirectory } from '../support/lying-directory.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

const BASE = 'dc=example,dc=com';

const USERS = `ou=people,${BASE}`;

/** Three batches of the writer. */
const CROWD = Array.from({ length: 450 }, (_, index) => `user${index}`);

const person = (uid: string): NonNullable<LdapAnswer['entries']>[number] => ({
  dn: `uid=${uid},${USERS}`,
  attributes: { uid, cn: uid, entryUUID: `id-${uid}` },
});

describe('synchronisations of one directory', () => {
  let ldap: LyingDirectory;
  let server: ScopegateFixture;
  /** The server answers a search once this is done. */
  let gate: Promise<void> = Promise.resolve();
  let open = (): void => undefined;
  let questions = 0;
  let people: readonly string[] = CROWD;

  const sync = (): Promise<ApiAnswer<{ code?: string }>> => server.admin.post('/directories/company/sync');
  const activeUsers = (): Promise<number> =>
    server.provider(DataSource).manager.countBy(UserEntity, { directory: 'company', active: true });
  const closeGate = (): void => {
    gate = new Promise((resolve) => {
      open = resolve;
    });
  };
  /** A synchronisation that waits for the directory. */
  const begun = async (): Promise<Promise<ApiAnswer<{ code?: string }>>[]> => {
    closeGate();
    const before = questions;
    const running = sync();
    await until(() => questions > before);
    return [running];
  };

  beforeAll(async () => {
    ldap = await startLyingDirectory(async ({ filter }) => {
      questions += 1;
      await gate;
      const named = /\(uid=([^)*]+)\)/.exec(filter)?.[1];
      return { entries: people.filter((uid) => named === undefined || uid === named).map(person) };
    });
    server = await startScopegateFixture();
  });

  beforeEach(async () => {
    people = CROWD;
    expect((await server.admin.post('/directories', { key: 'company', url: ldap.url, userBase: USERS })).status).toBe(
      201,
    );
  });

  afterEach(async () => {
    open();
    await server.admin.delete('/directories/company');
  });

  afterAll(async () => {
    open();
    await server?.stop();
    await ldap?.stop();
  });

  it('R93: exclude each other, and a disconnection, also in one process', async () => {
    const [running] = await begun();
    for (const refused of [
      await sync(),
      await server.admin.post<{ code: string }>('/directories/company/sync/confirm'),
      await server.admin.delete<{ code: string }>('/directories/company'),
    ]) {
      expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
      expect(JSON.stringify(refused.body)).toContain('being synchronised');
    }
    open();
    expect((await running)?.status).toBe(200);
    expect(await activeUsers()).toBe(CROWD.length);
    expect((await sync()).status).toBe(200);
    expect((await server.admin.delete('/directories/company')).status).toBe(204);
    expect(await activeUsers()).toBe(0);
  });

  it('R93: make no user of a directory that is gone by then', async () => {
    const [running] = await begun();
    // As a process does it that has got the lease, because this one was paused for too long.
    await server
      .provider(UnitOfWork)
      .run((unit) => server.provider(DirectoriesService).remove(unit, 'company', SYSTEM_ACTOR));
    open();
    expect((await running)?.status).toBe(404);
    expect(await activeUsers()).toBe(0);
  });

  it('R26: a directory with the last active administrator stays as it is', async () => {
    expect((await sync()).status).toBe(200);
    // The last one in the order in which users are deactivated.
    const { manager } = server.provider(DataSource);
    const [last] = await manager.find(UserEntity, { where: { directory: 'company' }, order: { id: 'DESC' }, take: 1 });
    const username = last?.username ?? '';
    expect((await server.admin.put(`/groups/administrators/members/${username}`)).status).toBe(204);
    const other = server.as({ user: username, password: 'of the directory' });
    expect((await other.patch('/users/admin', { active: false })).status).toBe(200);
    try {
      const refused = await other.delete<{ detail: string }>('/directories/company');
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toContain('last active administrator');
      expect(await activeUsers()).toBe(CROWD.length);
      expect((await other.get('/directories/company')).status).toBe(200);
    } finally {
      expect((await other.patch('/users/admin', { active: true })).status).toBe(200);
    }
  });
});
