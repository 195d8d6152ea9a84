import { Injectable, type OnModuleInit } from '@nestjs/common';
import { userNameKey } from '@scopegate/token';
import { In, type EntityManager } from 'typeorm';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DeletionsService } from '../directory/deletions.service.js';
import { DirectoryService } from '../directory/directory.service.js';
import { TokenEntity } from './token.entity.js';

/** In one transaction: others wait for its locks (R82). */
const RENAMED_AT_ONCE = 100;

/** Lists find tokens by the stored name of the owner, which follows a new name here (R97). */
@Injectable()
export class TokenOwnerNameService implements OnModuleInit {
  constructor(
    private readonly directory: DirectoryService,
    private readonly deletions: DeletionsService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.deletions.addStep('renaming', (ownerId) => this.#writeName(ownerId));
  }

  async #writeName(ownerId: string): Promise<void> {
    for (let after = 0; ;) {
      const rows = await this.unitOfWork.read((manager) => tokensOf(manager, ownerId, after));
      const ids = rows.map(({ id }) => id);
      if (ids.length > 0) await this.unitOfWork.run((unit) => this.#writeNameTo(unit, ownerId, ids));
      after = rows.at(-1)?.sequence ?? after;
      if (rows.length < RENAMED_AT_ONCE) return;
    }
  }

  async #writeNameTo(unit: Unit, ownerId: string, ids: readonly string[]): Promise<void> {
    const { manager } = unit;
    const ownerName = await this.directory.holdName(unit, ownerId);
    if (ownerName === null) return;
    // In the order of ids, as all writers of tokens lock them, so that none deadlock.
    const rows = await manager.find(TokenEntity, {
      where: { id: In([...ids]) },
      order: { id: 'ASC' },
      ...rowLock(manager),
    });
    const changed = rows.filter((row) => row.ownerName !== ownerName).map(({ id }) => id);
    if (changed.length === 0) return;
    await manager.update(TokenEntity, { id: In(changed) }, { ownerName, ownerKey: userNameKey(ownerName) });
    for (const id of changed) unit.changed('token', id);
  }
}

function tokensOf(
  manager: EntityManager,
  ownerId: string,
  after: number,
): Promise<Pick<TokenEntity, 'id' | 'sequence'>[]> {
  return manager
    .createQueryBuilder(TokenEntity, 'token')
    .select(['token.sequence', 'token.id'])
    .where('token.ownerId = :ownerId AND token.sequence > :after', { ownerId, after })
    .orderBy('token.sequence', 'ASC')
    .limit(RENAMED_AT_ONCE)
    .getMany();
}
