import { randomUUID } from 'node:crypto';
import { DataSource, type EntitySubscriberInterface, type EntityTarget } from 'typeorm';
import { expect, it } from 'vitest';
import { SYSTEM_ACTOR } from '../../src/audit/actor.js';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { DeletionsService } from '../../src/directory/deletions.service.js';
import { DirectoryService } from '../../src/directory/directory.service.js';
import { GroupMemberEntity } from '../../src/directory/group-member.entity.js';
import { GroupEntity } from '../../src/directory/group.entity.js';
import { UnfinishedDeletionEntity } from '../../src/directory/unfinished-deletion.entity.js';
import { UserEntity } from '../../src/directory/user.entity.js';
import { TOKENS_AT_ONCE } from '../../src/tokens/owner-token.reader.js';
import { TokenPurgeJob } from '../../src/tokens/token-purge.job.js';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

/** More than two batches. */
const MANY = 1_100;

describeOnEachDatabase('ending many at once', (server) => {
  it('R82: all tokens of an owner are ended in few statements, each with its event', async () => {
    const { username } = await server().createUser();
    const ids = await storeTokens(server(), username, MANY);
    const answer = await whileCounting(/^UPDATE .?tokens/i, async () => {
      const revoked = await server().admin.post('/tokens/revoke', { owner: username });
      return [revoked.status, revoked.body];
    });
    expect(answer.result).toEqual([200, { revoked: MANY }]);
    expect(answer.count).toBe(Math.ceil(MANY / TOKENS_AT_ONCE));
    expect(await ended(ids)).toBe(MANY);
    expect(await eventsOf('token.revoked', ids)).toEqual([...ids].sort());
    expect((await server().admin.post('/tokens/revoke', { owner: username })).body).toEqual({ revoked: 0 });
  });

  it('R82: tokens are ended by their ids, once each, and only those that have not ended', async () => {
    const { username } = await server().createUser();
    const ids = await storeTokens(server(), username, 5);
    await server().revokeToken(ids[0] ?? '');
    const asked = { ids: [...ids, ...ids.slice(0, 2), 'nosuchtoken0'] };
    const both = await Promise.all([0, 1].map(() => server().admin.post<{ revoked: number }>('/tokens/revoke', asked)));
    expect(both.map(({ body }) => body.revoked).reduce((sum, count) => sum + count)).toBe(4);
    expect(await eventsOf('token.revoked', ids)).toEqual([...ids].sort());
  });

  it('R26, R82: the many tokens of a deleted user are ended, and nothing is left to be done', async () => {
    const { username } = await server().createUser();
    const ids = await storeTokens(server(), username, MANY);
    expect((await server().admin.delete(`/users/${username}`)).status).toBe(204);
    expect(await ended(ids)).toBe(MANY);
    expect(await eventsOf('token.revoked', ids)).toEqual([...ids].sort());
    expect(await rows(UnfinishedDeletionEntity)).toEqual([]);
  });

  it('R82: a deletion that was broken off is ended by the purge', async () => {
    const { username } = await server().createUser();
    const ids = await storeTokens(server(), username, 3);
    // What a node that is killed right after the deletion leaves.
    const user = await server().provider(DirectoryService).findByName(username);
    await server()
      .provider(UnitOfWork)
      .run(async (unit) => {
        await unit.manager.delete(UserEntity, { id: user?.id });
        await server()
          .provider(DeletionsService)
          .note(unit, 'user', user?.id ?? '', { ...SYSTEM_ACTOR, name: 'admin' });
      });
    expect(await ended(ids)).toBe(0);
    await server().provider(TokenPurgeJob).purgeOnce();
    expect(await ended(ids)).toBe(3);
    const [event] = await rows(AuditEventEntity, { type: 'token.revoked', tokenId: ids[0] });
    expect(event?.actor).toBe('admin');
    expect(await rows(UnfinishedDeletionEntity)).toEqual([]);
  });

  it('R26, R82: a large group is deleted at once, its memberships after it, and a new one of its name is empty', async () => {
    const group = await server().createGroup(unique('large'));
    const names = await storeMembers(server(), group, MANY);
    expect((await server().admin.delete(`/groups/${group}`)).status).toBe(204);
    expect(await rows(GroupMemberEntity, { groupName: group })).toEqual([]);
    const deleted = (await rows(AuditEventEntity, { type: 'group.deleted' })).find(
      ({ detail }) => (detail as { subject?: string }).subject === group,
    );
    expect(deleted?.detail).toEqual({ subject: group, memberCount: MANY });
    const removed = (await rows(AuditEventEntity, { type: 'group.member-removed' }))
      .map(({ detail }) => detail as { subject: string; members: string[] })
      .filter(({ subject }) => subject === group);
    expect(removed.flatMap(({ members }) => members).sort()).toEqual(names.sort());
    expect(await rows(UnfinishedDeletionEntity)).toEqual([]);
    await server().createGroup(group);
    expect((await server().admin.get<{ items: unknown[] }>(`/users?group=${group}`)).body.items).toEqual([]);
  });

  it('R26: a group is not made anew before the members of the one before are gone', async () => {
    const group = await server().createGroup(unique('large'));
    const [member = ''] = await storeMembers(server(), group, 1);
    // What a node that is killed right after the deletion of a large group leaves.
    await server()
      .provider(UnitOfWork)
      .run(async (unit) => {
        await unit.manager.delete(GroupEntity, { name: group });
        await server().provider(DeletionsService).note(unit, 'group', group, SYSTEM_ACTOR);
      });
    const groupsOfMember = async (): Promise<unknown> => (await server().admin.get(`/users/${member}`)).body;
    expect(await groupsOfMember()).toMatchObject({ groups: [] });
    const refused = await server().admin.post<{ code: string }>('/groups', { name: group });
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
    await server().provider(TokenPurgeJob).purgeOnce();
    await server().createGroup(group);
    expect(await groupsOfMember()).toMatchObject({ groups: [] });
  });

  function rows<Row extends object>(entity: EntityTarget<Row>, where: object = {}): Promise<Row[]> {
    return server()
      .provider(UnitOfWork)
      .read((manager) => manager.find(entity, { where }));
  }

  async function ended(ids: readonly string[]): Promise<number> {
    const stored = await rows(TokenEntity);
    return stored.filter((row) => ids.includes(row.id) && row.revokedAtMs !== null).length;
  }

  /** The ids of the tokens that events of this type are about, each as often as there is one. */
  async function eventsOf(type: string, ids: readonly string[]): Promise<string[]> {
    const events = await rows(AuditEventEntity, { type });
    return events.flatMap(({ tokenId }) => (tokenId !== null && ids.includes(tokenId) ? [tokenId] : [])).sort();
  }

  async function whileCounting<Result>(
    pattern: RegExp,
    work: () => Promise<Result>,
  ): Promise<{ readonly count: number; readonly result: Result }> {
    let count = 0;
    const counter: EntitySubscriberInterface = {
      beforeQuery: ({ query }) => {
        if (pattern.test(query) && query.includes('revoked')) count += 1;
      },
    };
    const { subscribers } = server().provider(DataSource);
    subscribers.push(counter);
    try {
      const result = await work();
      return { count, result };
    } finally {
      subscribers.splice(subscribers.indexOf(counter), 1);
    }
  }
});

/** Stores tokens past the API, which would take a while for as many. @returns their ids */
async function storeTokens(server: ScopegateFixture, username: string, count: number): Promise<string[]> {
  const user = await server.provider(DirectoryService).findByName(username);
  if (user === null) throw new Error(`There is no ${username}.`);
  const token = await server.createToken({ scope: 'read-only', owner: username });
  return server.provider(UnitOfWork).run(async ({ manager }) => {
    const { sequence: _sequence, ...like } = await manager.findOneByOrFail(TokenEntity, { id: token.id });
    const ids = Array.from({ length: count - 1 }, () => randomUUID().replaceAll('-', '').slice(0, 12));
    for (let at = 0; at < ids.length; at += 500) {
      await manager.insert(
        TokenEntity,
        ids.slice(at, at + 500).map((id) => ({ ...like, id })),
      );
    }
    return [token.id, ...ids];
  });
}

/** Stores users who are in the group. @returns their names */
async function storeMembers(server: ScopegateFixture, groupName: string, count: number): Promise<string[]> {
  const users = Array.from({ length: count }, (_, index) => {
    const username = `${groupName}-${index}`;
    const row = { id: randomUUID(), username, usernameKey: username, displayName: username, email: null };
    return { ...row, passwordHash: null, active: true, searchKey: '', createdAtMs: 0 };
  });
  await server.provider(UnitOfWork).run(async ({ manager }) => {
    for (let at = 0; at < count; at += 500) {
      const part = users.slice(at, at + 500);
      await manager.insert(UserEntity, part);
      await manager.insert(
        GroupMemberEntity,
        part.map(({ id }) => ({ groupName, userId: id })),
      );
    }
  });
  return users.map(({ username }) => username);
}
