import { Injectable } from '@nestjs/common';
import type { Authenticated } from '@scopegate/access';
import { holds } from '@scopegate/permission';
import { ProblemException } from '../common/http/problem.exception.js';
import { DirectoryService } from '../directory/directory.service.js';
import { PermissionsService } from '../permissions/permissions.service.js';
import type { TokenEntity } from './token.entity.js';
import { TokenRepository, type TokenFilter } from './token.repository.js';

/** Its own tokens, or all. A caller with a token sees what the owner sees. */
@Injectable()
export class VisibleTokenReader {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly directory: DirectoryService,
    private readonly permissions: PermissionsService,
  ) {}

  seesAll({ principal }: Authenticated): boolean {
    return (
      this.directory.isAdministrator(principal) || holds(this.permissions.current(), 'createOnBehalf', principal.groups)
    );
  }

  filterFor(caller: Authenticated): TokenFilter {
    return this.seesAll(caller) ? {} : { ownerId: caller.principal.id };
  }

  /** @throws a 404 if there is no such token, or if the caller may not see it */
  async find(caller: Authenticated, id: string): Promise<TokenEntity> {
    return this.#requireVisible(caller, await this.tokens.find(id));
  }

  /** @throws a 404 as `find` does */
  async findBySequence(caller: Authenticated, sequence: number): Promise<TokenEntity> {
    return this.#requireVisible(caller, await this.tokens.findBySequence(sequence));
  }

  /** Leaves out what does not exist or may not be seen. */
  async findAll(caller: Authenticated, ids: readonly string[]): Promise<TokenEntity[]> {
    const rows = await this.tokens.findAll(ids);
    return rows.filter((row) => this.#maySee(caller, row));
  }

  #requireVisible(caller: Authenticated, row: TokenEntity | null): TokenEntity {
    if (row === null || !this.#maySee(caller, row)) throw unknownToken();
    return row;
  }

  #maySee(caller: Authenticated, { ownerId }: TokenEntity): boolean {
    return ownerId === caller.principal.id || this.seesAll(caller);
  }
}

/** The same answer for both cases, so that a caller does not learn which tokens there are. */
export function unknownToken(): ProblemException {
  return new ProblemException('not_found', 'This token does not exist, or it is not yours.');
}
