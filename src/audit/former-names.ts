import { Injectable } from '@nestjs/common';
import { userNameKey } from '@scopegate/token';
import type { EntityManager } from 'typeorm';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { UserName } from './audit-event-filter.js';
import { FormerNameEntity } from './former-name.entity.js';

/** Each costs a question two more scans of an index. */
const MAX_FORMER_NAMES = 20;

export interface Renaming {
  readonly userId: string;
  readonly createdAtMs: number;
  readonly from: string;
  readonly to: string;
}

export interface NamedUser {
  readonly id: string;
  readonly username: string;
  readonly createdAtMs: number;
}

/** No user has it. */
const NO_NAME = '';

@Injectable()
export class FormerNames {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @param manager of the transaction that renames the user, and holds a lock against others that do */
  async note(manager: EntityManager, { userId, createdAtMs, from, to }: Renaming, nowMs: number): Promise<void> {
    const [formerKey, currentKey] = [userNameKey(from), userNameKey(to)];
    if (formerKey === currentKey) return;
    const [last] = await manager.find(FormerNameEntity, { where: { userId }, order: { id: 'DESC' }, take: 1 });
    await manager.update(FormerNameEntity, { userId }, { currentKey });
    const fromMs = last?.untilMs ?? createdAtMs;
    await manager.insert(FormerNameEntity, { userId, formerKey, currentKey, fromMs, untilMs: nowMs });
  }

  /** Another user may get the name of a deleted one. */
  async forget(manager: EntityManager, userId: string): Promise<void> {
    await manager.update(FormerNameEntity, { userId }, { currentKey: NO_NAME });
  }

  /** The names of one user, each only while the user had it: for what only this user may see (R101, R103). */
  async ownNamesOf({ id, username, createdAtMs }: NamedUser): Promise<readonly UserName[]> {
    const former = await this.unitOfWork.read(
      (manager) =>
        manager.find(FormerNameEntity, { where: { userId: id }, order: { id: 'DESC' }, take: MAX_FORMER_NAMES }),
      { lane: 'lists' },
    );
    const current = { key: userNameKey(username), fromMs: former[0]?.untilMs ?? createdAtMs };
    return [current, ...former.map(({ formerKey, fromMs, untilMs }) => ({ key: formerKey, fromMs, untilMs }))];
  }

  /** The name, and those that its user had before it. */
  async namesOf(name: string): Promise<readonly UserName[]> {
    const key = userNameKey(name);
    const rows = await this.unitOfWork.read(
      (manager) =>
        manager.find(FormerNameEntity, { where: { currentKey: key }, order: { id: 'DESC' }, take: MAX_FORMER_NAMES }),
      { lane: 'lists' },
    );
    const former = rows.filter(({ currentKey }) => currentKey === key);
    return [{ key }, ...former.map(({ formerKey, fromMs, untilMs }) => ({ key: formerKey, fromMs, untilMs }))];
  }
}
