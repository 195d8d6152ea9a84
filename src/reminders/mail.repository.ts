import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThan, LessThanOrEqual, type EntityManager } from 'typeorm';
import { insertRows } from '../database/insert-rows.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { MailEntity } from './mail.entity.js';

export type MailKey = Pick<MailEntity, 'tokenId' | 'occasion' | 'userId'>;

/** A row is there until its mail has been sent or given up. */
@Injectable()
export class MailRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  insert(manager: EntityManager, keys: readonly MailKey[], nowMs: number): Promise<void> {
    const times = { madeAtMs: nowMs, nextAtMs: nowMs, attempts: 0, sendingAtMs: null };
    return insertRows(
      manager,
      MailEntity,
      keys.map((key) => ({ ...key, ...times })),
    );
  }

  /** The longest waiting first. */
  due(nowMs: number, limit: number): Promise<MailEntity[]> {
    return this.unitOfWork.read((manager) =>
      manager.find(MailEntity, {
        where: { nextAtMs: LessThanOrEqual(nowMs), sendingAtMs: IsNull() },
        order: { nextAtMs: 'ASC' },
        take: limit,
      }),
    );
  }

  /** One statement compares and sets, so of two nodes one sends it. @returns whether this node sends it */
  async claim(key: MailKey, nowMs: number): Promise<boolean> {
    const { affected } = await this.unitOfWork.run(({ manager }) =>
      manager.update(MailEntity, { ...keyOf(key), sendingAtMs: IsNull() }, { sendingAtMs: nowMs }),
    );
    return affected === 1;
  }

  /** For a mail that the server has certainly not taken. */
  async putBack(key: MailKey, nextAtMs: number): Promise<void> {
    await this.unitOfWork.run(({ manager }) =>
      manager.update(MailEntity, keyOf(key), {
        sendingAtMs: null,
        nextAtMs,
        attempts: () => 'attempts + 1',
      }),
    );
  }

  async remove(key: MailKey): Promise<void> {
    await this.unitOfWork.run(({ manager }) => manager.delete(MailEntity, keyOf(key)));
  }

  /** Mails whose process died while it sent them. @returns how many */
  async removeAbandoned(beforeMs: number): Promise<number> {
    const { affected } = await this.unitOfWork.run(({ manager }) =>
      manager.delete(MailEntity, { sendingAtMs: LessThan(beforeMs) }),
    );
    return affected ?? 0;
  }

  countWaiting(): Promise<number> {
    return this.unitOfWork.read((manager) => manager.count(MailEntity));
  }

  async removeOf(manager: EntityManager, tokenIds: readonly string[]): Promise<void> {
    await manager.delete(MailEntity, { tokenId: In([...tokenIds]) });
  }
}

function keyOf({ tokenId, occasion, userId }: MailKey): MailKey {
  return { tokenId, occasion, userId };
}
