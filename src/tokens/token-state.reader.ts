import { Injectable } from '@nestjs/common';
import { exceedsScopePolicy, holds } from '@scopegate/permission';
import { exceedsValidity, tokenStatus } from '@scopegate/token';
import { Clock } from '../common/time/clock.js';
import { DirectoryService } from '../directory/directory.service.js';
import { PermissionsService } from '../permissions/permissions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import type { TokenDto } from './dto/token.dto.js';
import type { NewToken } from './token.entity.js';

/** With the names of today: a user can have been renamed (R97). */
export type TokenState = Pick<TokenDto, 'status' | 'exceedsPolicy' | 'owner' | 'createdBy'>;

@Injectable()
export class TokenStateReader {
  constructor(
    private readonly directory: DirectoryService,
    private readonly permissions: PermissionsService,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  async stateOf(row: NewToken): Promise<TokenState> {
    return (await this.readStates([row]))(row);
  }

  /** @returns a function that gives the state of each of the tokens */
  async readStates(rows: readonly NewToken[]): Promise<(row: NewToken) => TokenState> {
    const users = await this.directory.findAll(rows.flatMap(({ ownerId, creatorId }) => [ownerId, creatorId]));
    const permissions = this.permissions.current();
    const policy = this.settings.current().tokenValidity;
    const mayCreateOnBehalf = (id: string): boolean => {
      const user = users.get(id);
      return user !== undefined && holds(permissions, 'createOnBehalf', user.groups);
    };
    return (row) => {
      const owner = users.get(row.ownerId);
      const ownerMayUse = owner?.active === true && holds(permissions, 'useTokens', owner.groups);
      const lifetime = { createdAt: row.createdAtMs, expiresAt: row.expiresAtMs, revokedAt: row.revokedAtMs };
      return {
        owner: owner?.username ?? row.ownerName,
        createdBy: users.get(row.creatorId)?.username ?? row.createdBy,
        status: tokenStatus(lifetime, policy, ownerMayUse, this.clock.nowMs()),
        exceedsPolicy:
          exceedsValidity(lifetime, policy) ||
          exceedsScopePolicy(row, permissions, {
            owner: mayCreateOnBehalf(row.ownerId),
            creator: mayCreateOnBehalf(row.creatorId),
          }),
      };
    };
  }
}
