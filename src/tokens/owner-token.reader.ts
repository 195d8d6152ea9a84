import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work.js';
import { TokenEntity } from './token.entity.js';

/** Changed in one transaction: others wait for its locks (R82). */
export const TOKENS_AT_ONCE = 100;

/** Finds all tokens of a user, however many. */
@Injectable()
export class OwnerTokenReader {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * The ids, page by page in the order of creation. A page is read when the caller is done with the one before.
   * @param leavesOutRevoked without the tokens that are revoked
   */
  async *pagesOf(ownerId: string, leavesOutRevoked: boolean): AsyncGenerator<readonly string[], void> {
    for (let after = 0; ;) {
      const rows = await this.#pageAfter(ownerId, after, leavesOutRevoked);
      if (rows.length > 0) yield rows.map(({ id }) => id);
      after = rows.at(-1)?.sequence ?? after;
      if (rows.length < TOKENS_AT_ONCE) return;
    }
  }

  #pageAfter(
    ownerId: string,
    after: number,
    leavesOutRevoked: boolean,
  ): Promise<readonly Pick<TokenEntity, 'id' | 'sequence'>[]> {
    return this.unitOfWork.read((manager) => {
      const query = manager
        .createQueryBuilder(TokenEntity, 'token')
        .select(['token.sequence', 'token.id'])
        .where('token.ownerId = :ownerId AND token.sequence > :after', { ownerId, after })
        .orderBy('token.sequence', 'ASC')
        .limit(TOKENS_AT_ONCE);
      return (leavesOutRevoked ? query.andWhere('token.revokedAtMs IS NULL') : query).getMany();
    });
  }
}
