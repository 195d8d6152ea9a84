import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { describeChange } from '@scopegate/audit';
import {
  DEFAULT_PERMISSIONS,
  NO_PERMISSIONS,
  permissionWarnings,
  type Permissions,
  type Warning,
} from '@scopegate/permission';
import { AuditService } from '../audit/audit.service.js';
import { invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { ChangeFeed } from '../database/change-feed.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DirectoryService } from '../directory/directory.service.js';
import { sectionsOf, StoredDocument, type Save, type Versioned } from '../documents/stored-document.js';
import { ReplacePermissionsDto } from './dto/permissions.dto.js';
import { namedGroups, permissionsNaming, unknownGroupErrors } from './permission-groups.js';
import { PermissionsEntity } from './permissions.entity.js';

/** The only way to change permissions. */
@Injectable()
export class PermissionsService implements OnModuleInit, OnModuleDestroy {
  readonly #document: StoredDocument<Permissions, Permissions, ReplacePermissionsDto>;

  constructor(
    unitOfWork: UnitOfWork,
    changes: ChangeFeed,
    audit: AuditService,
    private readonly directory: DirectoryService,
  ) {
    this.#document = new StoredDocument(
      {
        name: 'permissions',
        entity: PermissionsEntity,
        dto: ReplacePermissionsDto,
        defaults: DEFAULT_PERMISSIONS,
        // A damaged row permits nothing.
        missing: NO_PERMISSIONS,
        check: (body, unit) => this.#requireGroups(unit, sectionsOf(DEFAULT_PERMISSIONS, body)),
        parse: (stored) => stored,
        describe: describeChange,
      },
      unitOfWork,
      changes,
      audit,
    );
  }

  async onModuleInit(): Promise<void> {
    this.directory.onGroupDeleting((unit, group) => this.#requireUnnamed(unit, group));
    await this.#document.open();
  }

  onModuleDestroy(): void {
    this.#document.close();
  }

  current(): Permissions {
    return this.#document.current.value;
  }

  currentVersion(): Versioned<Permissions> {
    return this.#document.current;
  }

  async warnings(permissions: Permissions, saver: PrincipalFacts): Promise<readonly Warning[]> {
    const groupsWithMembers = await this.directory.groupsWithMembers(namedGroups(permissions));
    return permissionWarnings(permissions, { saverGroups: saver.groups, groupsWithMembers });
  }

  patch(save: Save, patch: unknown): Promise<Versioned<Permissions>> {
    return this.#document.patch(save, patch);
  }

  replace(save: Save, body: ReplacePermissionsDto): Promise<Versioned<Permissions>> {
    return this.#document.replace(save, body);
  }

  /** @throws a 400 for a group that does not exist */
  async #requireGroups(unit: Unit, permissions: Permissions): Promise<Permissions> {
    const missing = await this.directory.missingGroups(unit, namedGroups(permissions));
    if (missing.length > 0) throw invalidFields(unknownGroupErrors(permissions, missing));
    return permissions;
  }

  /** @throws a 409 if a permission names the deleted group (R26) */
  async #requireUnnamed({ manager }: Unit, group: string): Promise<void> {
    const permissions = await this.#document.lock(manager);
    const naming = permissionsNaming(permissions, group);
    if (naming.length === 0) return;
    throw new ProblemException(
      'conflict',
      `A permission uses this group (${naming.join(', ')}). Take it off that list first.`,
    );
  }
}
