import { In } from 'typeorm';
import type { Unit } from '../database/unit-of-work.js';
import type { BrowserSession } from './browser-session.cache.js';
import { BrowserSessionEntity } from './browser-session.entity.js';

/** Of one user. One more ends the session that was unused for longest. */
const MAX_SESSIONS = 20;

const USERS_IN_ONE_STATEMENT = 500;

export async function endSessions(
  unit: Unit,
  sessions: readonly Pick<BrowserSession, 'id' | 'userId'>[],
): Promise<void> {
  await unit.manager.delete(BrowserSessionEntity, { id: In(sessions.map(({ id }) => id)) });
  for (const { userId } of sessions) unit.changed('browser-session', userId);
}

/** All of them: of users with another password, and of those who may no longer log in (R99). */
export async function endSessionsOf(unit: Unit, userIds: readonly string[]): Promise<void> {
  for (let at = 0; at < userIds.length; at += USERS_IN_ONE_STATEMENT) {
    const part = userIds.slice(at, at + USERS_IN_ONE_STATEMENT);
    // Not by the ids that a read finds: a session that was opened since the transaction began ends, too.
    const { affected } = await unit.manager.delete(BrowserSessionEntity, { userId: In(part) });
    if (affected !== 0) for (const userId of part) unit.changed('browser-session', userId);
  }
}

/** For one more session of this user. */
export async function makeRoom(unit: Unit, userId: string): Promise<void> {
  const surplus = await unit.manager.find(BrowserSessionEntity, {
    where: { userId },
    order: { lastSeenAtMs: 'DESC', id: 'ASC' },
    skip: MAX_SESSIONS - 1,
    take: MAX_SESSIONS,
  });
  if (surplus.length > 0) await endSessions(unit, surplus);
}
