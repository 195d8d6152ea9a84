import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { TokenEntity } from './token.entity.js';
import { TokenStateReader } from './token-state.reader.js';

/** What reminders need to know of a token. */
export type EndingToken = Readonly<
  Pick<
    TokenEntity,
    | 'id'
    | 'sequence'
    | 'hint'
    | 'ownerId'
    | 'ownerName'
    | 'creatorId'
    | 'description'
    | 'scope'
    | 'createdAtMs'
    | 'expiresAtMs'
    | 'revokedAtMs'
    | 'lastUsedAtMs'
    | 'successorId'
  >
>;

/** Epoch milliseconds, the last included. Each column has an index. */
export interface TokenRange {
  readonly column: 'expiresAtMs' | 'createdAtMs';
  readonly afterMs: number;
  readonly untilMs: number;
}

/** For other modules: tokens by their times. */
@Injectable()
export class EndingTokenReader {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly states: TokenStateReader,
  ) {}

  /** In the order of the column. @param last of the page before */
  page({ column, afterMs, untilMs }: TokenRange, last: EndingToken | null, limit: number): Promise<EndingToken[]> {
    return this.unitOfWork.read((manager) => {
      const query = manager
        .createQueryBuilder(TokenEntity, 'token')
        .where(`token.${column} > :afterMs AND token.${column} <= :untilMs`, { afterMs, untilMs })
        .andWhere('token.revokedAtMs IS NULL')
        .orderBy(`token.${column}`, 'ASC')
        .addOrderBy('token.sequence', 'ASC')
        .take(limit);
      if (last !== null) {
        query.andWhere(`token.${column} >= :lastMs`, { lastMs: last[column] });
        query.andWhere(`(token.${column} > :lastMs OR token.sequence > :sequence)`, { sequence: last.sequence });
      }
      return query.getMany();
    });
  }

  /** In the order of ids, as all writers of tokens lock them. They stay as they are until the transaction ends. */
  lock(manager: EntityManager, ids: readonly string[]): Promise<EndingToken[]> {
    return manager.find(TokenEntity, { where: { id: In([...ids]) }, order: { id: 'ASC' }, ...rowLock(manager) });
  }

  find(id: string): Promise<EndingToken | null> {
    return this.unitOfWork.read((manager) => manager.findOneBy(TokenEntity, { id }));
  }

  /** The ids of those that work: active, with an owner who may use tokens. */
  async findActive(tokens: readonly EndingToken[]): Promise<ReadonlySet<string>> {
    const rows = tokens as readonly TokenEntity[];
    const stateOf = await this.states.readStates(rows);
    return new Set(rows.filter((row) => stateOf(row).status === 'active').map(({ id }) => id));
  }
}
