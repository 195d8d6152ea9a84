import { Injectable } from '@nestjs/common';
import { In, LessThan, type EntityManager } from 'typeorm';
import { insertRows } from '../database/insert-rows.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { ReminderEntity } from './reminder.entity.js';

@Injectable()
export class ReminderRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @returns the thresholds that each token has been reminded at */
  async remindedAt(manager: EntityManager, tokenIds: readonly string[]): Promise<ReadonlyMap<string, number[]>> {
    const reminded = new Map<string, number[]>();
    if (tokenIds.length === 0) return reminded;
    for (const { tokenId, days } of await manager.findBy(ReminderEntity, { tokenId: In([...tokenIds]) })) {
      reminded.set(tokenId, [...(reminded.get(tokenId) ?? []), days]);
    }
    return reminded;
  }

  read(tokenIds: readonly string[]): Promise<ReadonlyMap<string, number[]>> {
    return this.unitOfWork.read((manager) => this.remindedAt(manager, tokenIds));
  }

  insert(manager: EntityManager, rows: readonly ReminderEntity[]): Promise<void> {
    return insertRows(manager, ReminderEntity, rows);
  }

  hasNearer(tokenId: string, days: number): Promise<boolean> {
    return this.unitOfWork.read((manager) => manager.existsBy(ReminderEntity, { tokenId, days: LessThan(days) }));
  }

  hasAny(): Promise<boolean> {
    return this.unitOfWork.read((manager) => manager.exists(ReminderEntity));
  }

  async removeOf(manager: EntityManager, tokenIds: readonly string[]): Promise<void> {
    await manager.delete(ReminderEntity, { tokenId: In([...tokenIds]) });
  }
}
