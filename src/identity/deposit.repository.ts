import { Injectable } from '@nestjs/common';
import { MoreThan, type EntityManager } from 'typeorm';
import { findExactRow } from '../database/exact-row.js';
import type { RowLock } from '../database/dialect/dialect.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DepositEntity } from './deposit.entity.js';

/** Few rows in one transaction, so that its locks are short. */
export const DEPOSITS_IN_ONE_BATCH = 100;

export type DepositKey = Pick<DepositEntity, 'application' | 'userId'>;

export interface DepositUse extends DepositKey {
  /** Of the deposit that was used. */
  readonly version: string;
  readonly usedAtMs: number;
}

/** Before and after. */
interface Rejection {
  readonly before: DepositEntity;
  readonly after: DepositEntity;
}

@Injectable()
export class DepositRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  find(manager: EntityManager, { application, userId }: DepositKey, lock: RowLock = {}): Promise<DepositEntity | null> {
    return findExactRow(manager, DepositEntity, { application, userId }, lock);
  }

  /** Of a user, in the order of applications. */
  pageOfUser(userId: string, after: string, limit: number): Promise<DepositEntity[]> {
    return this.unitOfWork.read(
      (manager) =>
        manager.find(DepositEntity, {
          where: { userId, application: MoreThan(after) },
          order: { application: 'ASC' },
          take: limit,
        }),
      { lane: 'lists' },
    );
  }

  /** Of an application, in the order of user names. */
  pageOfApplication(application: string, after: readonly [string, string], limit: number): Promise<DepositEntity[]> {
    const [username, userId] = after;
    return this.unitOfWork.read(
      (manager) =>
        manager.find(DepositEntity, {
          where: [
            { application, username: MoreThan(username) },
            { application, username, userId: MoreThan(userId) },
          ],
          order: { username: 'ASC', userId: 'ASC' },
          take: limit,
        }),
      { lane: 'lists' },
    );
  }

  /** For requests, which wait for it. At most one for each application. */
  allOfUser(userId: string): Promise<DepositEntity[]> {
    return this.unitOfWork.read((manager) => manager.findBy(DepositEntity, { userId }), { lane: 'judging' });
  }

  someOfUser(manager: EntityManager, userId: string): Promise<DepositEntity[]> {
    return manager.find(DepositEntity, { where: { userId }, take: DEPOSITS_IN_ONE_BATCH });
  }

  async save(unit: Unit, row: DepositEntity): Promise<void> {
    await unit.manager.upsert(DepositEntity, row, ['application', 'userId']);
    unit.changed('deposit', row.userId);
  }

  /** Null if there is nothing to change: it has been renewed, tried again or removed, or is marked already. */
  async reject(unit: Unit, key: DepositKey, version: string): Promise<Rejection | null> {
    const before = await this.find(unit.manager, key, rowLock(unit.manager));
    if (before?.version !== version || before.isRejected) return null;
    const after = { ...before, isRejected: true };
    await this.save(unit, after);
    return { before, after };
  }

  /** In the order of keys, so that two nodes that write the same rows cannot deadlock. */
  storeUses(uses: readonly DepositUse[]): Promise<void> {
    const ordered = [...uses].sort((one, other) => compareKeys(one, other));
    return this.unitOfWork.run(
      async ({ manager }) => {
        for (const { application, userId, version, usedAtMs } of ordered) {
          await manager
            .createQueryBuilder()
            .update(DepositEntity)
            .set({ lastUsedAtMs: usedAtMs })
            .where({ application, userId, version })
            .andWhere('(last_used_at_ms IS NULL OR last_used_at_ms < :usedAtMs)', { usedAtMs })
            .execute();
        }
      },
      { lane: 'journal' },
    );
  }

  async remove(unit: Unit, { application, userId }: DepositKey): Promise<void> {
    await unit.manager.delete(DepositEntity, { application, userId });
    unit.changed('deposit', userId);
  }

  /** There is at most one for each application. */
  async renameUser(unit: Unit, userId: string, username: string): Promise<void> {
    await unit.manager.update(DepositEntity, { userId }, { username });
    unit.changed('deposit', userId);
  }

  /** The change of the application itself ends what is in memory. */
  async removeAllOf({ manager }: Unit, application: string): Promise<void> {
    await manager.delete(DepositEntity, { application });
  }
}

function compareKeys(one: DepositKey, other: DepositKey): number {
  if (one.application !== other.application) return one.application < other.application ? -1 : 1;
  return one.userId < other.userId ? -1 : 1;
}
