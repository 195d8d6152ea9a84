import { Injectable } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import type { UserName } from '../audit/audit-event-filter.js';
import { FormerNames } from '../audit/former-names.js';
import { DirectoryService } from '../directory/directory.service.js';

/** Events hold names: those of one user are found by each name while this user had it, and no other. */
@Injectable()
export class OwnNamesReader {
  constructor(
    private readonly directory: DirectoryService,
    private readonly formerNames: FormerNames,
  ) {}

  /** None for a user who has been deleted meanwhile. */
  async namesOf({ id, username }: PrincipalFacts): Promise<readonly UserName[]> {
    const createdAtMs = await this.directory.createdAtMs(id);
    return createdAtMs === null ? [] : this.formerNames.ownNamesOf({ id, username, createdAtMs });
  }
}
