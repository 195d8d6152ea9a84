import { Injectable, type OnModuleInit } from '@nestjs/common';
import { userNameKey } from '@scopegate/token';
import { In } from 'typeorm';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DeletionsService } from '../directory/deletions.service.js';
import { DirectoryService } from '../directory/directory.service.js';
import { OwnerTokenReader } from './owner-token.reader.js';
import { TokenEntity } from './token.entity.js';

/** Lists find tokens by the stored name of the owner, which follows a new name here (R97). */
@Injectable()
export class TokenOwnerNameService implements OnModuleInit {
  constructor(
    private readonly directory: DirectoryService,
    private readonly deletions: DeletionsService,
    private readonly tokens: OwnerTokenReader,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.deletions.addStep('renaming', (ownerId) => this.#writeName(ownerId));
  }

  async #writeName(ownerId: string): Promise<void> {
    for await (const ids of this.tokens.pagesOf(ownerId, false)) {
      await this.unitOfWork.run((unit) => this.#writeNameTo(unit, ownerId, ids));
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
