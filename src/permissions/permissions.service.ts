import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { describeChange } from '@scopegate/audit';
import { DEFAULT_PERMISSIONS, permissionWarnings, type Permissions, type Warning } from '@scopegate/permission';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { requireMatch } from '../common/http/entity-tag.js';
import { invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { applyMergePatch } from '../common/validation/merge-patch.js';
import { validateAs } from '../common/validation/validation.pipe.js';
import { ChangeFeed } from '../database/change-feed.js';
import { rowLock } from '../database/row-lock.js';
import { Snapshot } from '../database/snapshot.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DirectoryService } from '../directory/directory.service.js';
import { ReplacePermissionsDto } from './dto/permissions.dto.js';
import { namedGroups, permissionsNaming, unknownGroupErrors } from './permission-groups.js';
import { PermissionsEntity } from './permissions.entity.js';
import { toPermissions } from './permissions.mapper.js';

/** The permissions are one row. */
const ROW_ID = 1;

/** The permissions and the version they have. */
export interface VersionedPermissions {
  readonly permissions: Permissions;
  /** Rises with every change; the ETag. */
  readonly version: number;
}

/** The permissions every node acts by, and the only way to change them. */
@Injectable()
export class PermissionsService implements OnModuleInit, OnModuleDestroy {
  readonly #snapshot: Snapshot<VersionedPermissions>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly audit: AuditService,
    private readonly directory: DirectoryService,
  ) {
    this.#snapshot = new Snapshot('permissions', () => unitOfWork.read(readStored, { lane: 'changes' }));
  }

  async onModuleInit(): Promise<void> {
    await this.unitOfWork.run(({ manager }) => createMissingRow(manager));
    this.directory.onGroupDeleting(requireUnnamed);
    this.changes.subscribe('permissions', () => this.#snapshot.reload());
    await this.#snapshot.reload();
  }

  onModuleDestroy(): void {
    this.#snapshot.close();
  }

  /** The permissions as this node knows them now. */
  current(): Permissions {
    return this.#snapshot.current.permissions;
  }

  /** The same with their version. */
  currentVersion(): VersionedPermissions {
    return this.#snapshot.current;
  }

  /** What the administrator should know about these permissions (R23). */
  async warnings(permissions: Permissions, saver: PrincipalFacts): Promise<readonly Warning[]> {
    const groupsWithMembers = await this.directory.groupsWithMembers(namedGroups(permissions));
    return permissionWarnings(permissions, { saverGroups: saver.groups, groupsWithMembers });
  }

  /** Changes the members that a merge patch names. */
  patch(actor: Actor, ifMatch: string | undefined, patch: unknown): Promise<VersionedPermissions> {
    return this.#change(actor, ifMatch, async (before) =>
      toPermissions(await validateAs(ReplacePermissionsDto, applyMergePatch({ ...before }, patch))),
    );
  }

  /** Replaces all permissions. */
  replace(actor: Actor, ifMatch: string | undefined, body: ReplacePermissionsDto): Promise<VersionedPermissions> {
    return this.#change(actor, ifMatch, () => toPermissions(body));
  }

  #change(
    actor: Actor,
    ifMatch: string | undefined,
    decide: (before: Permissions) => Permissions | Promise<Permissions>,
  ): Promise<VersionedPermissions> {
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      // The row is held before the groups are read, as it is by whoever deletes a group: one of the two sees the other.
      const row = await manager.findOneOrFail(PermissionsEntity, { where: { id: ROW_ID }, ...rowLock(manager) });
      requireMatch(ifMatch, row.version);
      const before = stored(row);
      const after = await decide(before);
      await this.#requireGroups(unit, after);
      const changes = describeChange(before, after);
      if (Object.keys(changes).length === 0) return { permissions: before, version: row.version };
      const version = row.version + 1;
      await manager.update(PermissionsEntity, { id: ROW_ID }, { body: after, version });
      this.audit.recordChange(manager, actor, { type: 'permissions.changed', detail: { changes } });
      unit.changed('permissions', 'permissions');
      return { permissions: after, version };
    });
  }

  async #requireGroups(unit: Unit, permissions: Permissions): Promise<void> {
    const missing = await this.directory.missingGroups(unit, namedGroups(permissions));
    if (missing.length === 0) return;
    throw invalidFields(unknownGroupErrors(permissions, missing));
  }
}

/** @throws a 409 where a permission names the group that is being deleted (R26) */
async function requireUnnamed({ manager }: Unit, group: string): Promise<void> {
  const row = await manager.findOneOrFail(PermissionsEntity, { where: { id: ROW_ID }, ...rowLock(manager) });
  const naming = permissionsNaming(stored(row), group);
  if (naming.length === 0) return;
  throw new ProblemException(
    'conflict',
    `A permission uses this group (${naming.join(', ')}). Take it off that list first.`,
  );
}

/** Several nodes may start at once: the row of the first one stays (R20). */
async function createMissingRow(manager: EntityManager): Promise<void> {
  if (await manager.existsBy(PermissionsEntity, { id: ROW_ID })) return;
  await manager
    .createQueryBuilder()
    .insert()
    .into(PermissionsEntity)
    .values({ id: ROW_ID, body: DEFAULT_PERMISSIONS, version: 1 })
    .orIgnore()
    .updateEntity(false)
    .execute();
}

async function readStored(manager: EntityManager): Promise<VersionedPermissions> {
  const row = await manager.findOneByOrFail(PermissionsEntity, { id: ROW_ID });
  return { permissions: stored(row), version: row.version };
}

function stored(row: PermissionsEntity): Permissions {
  return toPermissions(row.body as Permissions);
}
