import { randomUUID } from 'node:crypto';
import { DataSource, type EntitySubscriberInterface } from 'typeorm';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { searchKeyOf } from '../../src/directory/directory-user.js';
import { DirectoryRepository } from '../../src/directory/directory.repository.js';
import { DirectoryService } from '../../src/directory/directory.service.js';
import { GroupMemberEntity } from '../../src/directory/group-member.entity.js';
import { GroupEntity } from '../../src/directory/group.entity.js';
import { UserEntity } from '../../src/directory/user.entity.js';
import { TokenCache } from '../../src/tokens/token.cache.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

/** Stores users with one group each, past the API: it would hash and record each of them. */
async function storeUsers(server: ScopegateFixture, count: number): Promise<string> {
  const group = unique('group');
  const users = Array.from({ length: count }, (_, index) => {
    const username = `${group}-${String(index).padStart(6, '0')}`;
    const row = { username, usernameKey: username, displayName: `Number ${index}`, email: `${username}@example.test` };
    return {
      ...row,
      id: randomUUID(),
      searchKey: searchKeyOf(row),
      passwordHash: null,
      active: true,
      createdAtMs: 0,
    };
  });
  await server.provider(UnitOfWork).run(async ({ manager }) => {
    await manager.insert(GroupEntity, { name: group, nameKey: group, createdAtMs: 0 });
    for (let at = 0; at < count; at += 500) {
      const part = users.slice(at, at + 500);
      await manager.insert(UserEntity, part);
      await manager.insert(
        GroupMemberEntity,
        part.map(({ id }) => ({ groupName: group, userId: id })),
      );
    }
  });
  return group;
}

/** The rows of users, groups and memberships that the server is handed while the work goes on. */
async function rowsRead(server: ScopegateFixture, work: () => Promise<void>): Promise<number> {
  let rows = 0;
  const counter: EntitySubscriberInterface = {
    afterQuery: ({ query, rawResults }) => {
      if (/^SELECT[^]*[`"]user/.test(query)) rows += Array.isArray(rawResults) ? rawResults.length : 0;
    },
  };
  const { subscribers } = server.provider(DataSource);
  subscribers.push(counter);
  try {
    await work();
  } finally {
    subscribers.splice(subscribers.indexOf(counter), 1);
  }
  return rows;
}

describeOnEachDatabase('the directory with many users', (server) => {
  async function ownerOf(tokenId: string): Promise<unknown> {
    const lookUp = await server().provider(TokenCache).lookUpById(tokenId);
    return lookUp.found ? lookUp.owner : null;
  }

  it('R82: one change reads what it changes, however many users there are', async () => {
    const few = await changeOne(10);
    const many = await changeOne(5_000);
    expect(few).toBeGreaterThan(0);
    expect(many).toBe(few);
  });

  async function changeOne(count: number): Promise<number> {
    const group = await storeUsers(server(), count);
    const username = `${group}-000007`;
    const { id } = await server().createToken({ scope: 'read-only', owner: username });
    expect(await ownerOf(id)).toMatchObject({ displayName: 'Number 7' });
    return rowsRead(server(), async () => {
      const changed = await server().admin.patch(`/users/${username}`, { displayName: 'Seven' });
      expect(changed.status).toBe(200);
      expect(await ownerOf(id)).toMatchObject({ displayName: 'Seven', groups: new Set([group]) });
      expect((await server().admin.delete(`/groups/${group}/members/${username}`)).status).toBe(204);
      expect(await ownerOf(id)).toMatchObject({ groups: new Set() });
    });
  }

  it('R64: a group that is deleted is lost by its members at once, and a new one of its name has none', async () => {
    const group = await storeUsers(server(), 3);
    const { id } = await server().createToken({ scope: 'read-only', owner: `${group}-000001` });
    expect(await ownerOf(id)).toMatchObject({ groups: new Set([group]) });
    expect((await server().admin.delete(`/groups/${group}`)).status).toBe(204);
    expect(await ownerOf(id)).toMatchObject({ groups: new Set() });
    await server().createGroup(group);
    expect(await ownerOf(id)).toMatchObject({ groups: new Set() });
  });

  it('R82: lists of users are read a page at a time, whatever they are limited to', async () => {
    const group = await storeUsers(server(), 3_000);
    const listed = async (query: string): Promise<readonly string[]> => {
      const answer = await server().admin.get<{ items: { username: string }[]; nextCursor: string | null }>(
        `/users?limit=2&${query}`,
      );
      expect(answer.status).toBe(200);
      const next = answer.body.nextCursor;
      if (next === null) return answer.body.items.map(({ username }) => username);
      const second = await server().admin.get<{ items: { username: string }[] }>(
        `/users?limit=1&cursor=${next}&${query}`,
      );
      return [...answer.body.items, ...second.body.items].map(({ username }) => username);
    };
    const first = ['000000', '000001', '000002'].map((number) => `${group}-${number}`);
    expect(
      await rowsRead(server(), async () => {
        expect(await listed(`q=${group.toUpperCase()}`)).toEqual(first);
      }),
    ).toBeLessThan(50);
    expect(await listed(`q=number%202999&group=${group}`)).toEqual([`${group}-002999`]);
    expect(await listed(`q=${group}-002999%40EXAMPLE`)).toEqual([`${group}-002999`]);
    expect(await listed(`group=${group}`)).toEqual(first);
    expect(await listed(`group=${group}&active=false`)).toEqual([]);
    expect(await listed(`group=${unique('nowhere')}`)).toEqual([]);
  });

  describe('a read that is under way while something changes', () => {
    let group = '';
    let userId = '';
    beforeEach(async () => {
      group = await storeUsers(server(), 1);
      userId = (await server().provider(DirectoryService).findByName(`${group}-000000`))?.id ?? '';
    });

    it.each([
      ['the user', (): string => userId, 'directory'],
      ['a group of the user', (): string => group, 'group'],
    ] as const)('R80: of %s is made again before it is used', async (_what, subject, topic) => {
      const directory = server().provider(DirectoryService);
      const reads = await readsOf(server(), userId, async (whenReadOnce) => {
        const reading = directory.findById(userId);
        expect(reading).toBeInstanceOf(Promise);
        await whenReadOnce;
        await server()
          .provider(ChangeFeed)
          .actOn([{ topic, subject: subject() }]);
        expect(await reading).toMatchObject({ id: userId });
      });
      expect(reads).toBe(2);
    });
  });
});

/** How often a user is read during the work, which starts with the first read. */
async function readsOf(
  server: ScopegateFixture,
  userId: string,
  work: (whenReadOnce: Promise<void>) => Promise<void>,
): Promise<number> {
  let reads = 0;
  const repository = server.provider(DirectoryRepository);
  const read = repository.usersOf.bind(repository);
  const spy = vi.spyOn(repository, 'usersOf');
  const whenReadOnce = new Promise<void>((tell) => {
    spy.mockImplementation((manager, ids) => {
      if (ids.includes(userId)) {
        reads += 1;
        tell();
      }
      return read(manager, ids);
    });
  });
  try {
    await work(whenReadOnce);
  } finally {
    spy.mockRestore();
  }
  return reads;
}
