import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { isJsonObject } from '@scopegate/kernel';
import type { Actor } from '../../audit/actor.js';
import { AuditService } from '../../audit/audit.service.js';
import { requireMatch } from '../../common/http/entity-tag.js';
import { invalidField, invalidFields, ProblemException } from '../../common/http/problem.exception.js';
import { decodeCursor, pageOf, type Page, type PageQuery } from '../../common/paging/page.js';
import { Clock } from '../../common/time/clock.js';
import { applyMergePatch } from '../../common/validation/merge-patch.js';
import { validateAs } from '../../common/validation/validation.pipe.js';
import { ChangeFeed } from '../../database/change-feed.js';
import { isDuplicateKey } from '../../database/duplicate-key.js';
import { rowLock } from '../../database/row-lock.js';
import { Snapshot } from '../../database/snapshot.js';
import { UnitOfWork, type Unit } from '../../database/unit-of-work.js';
import { SecretBox } from '../../keys/secret-box.js';
import {
  documentErrors,
  documentOf,
  isSameServer,
  passwordContext,
  type DirectoryDocument,
} from './directory-document.js';
import { DirectoryEntity } from './directory.entity.js';
import type { DirectoryDto } from './dto/directory.dto.js';
import { CreateDirectoryDto } from './dto/directory.input.dto.js';
import { LdapFailure } from './ldap-failure.js';
import { describeDirectory, describeDirectoryChange, directoryTag, toDirectoryDto } from './stored-directory.mapper.js';
import { toStored, type DirectoryStatus, type StoredDirectory } from './stored-directory.js';

/** More are not synchronised in time, and nobody has them. */
export const MAX_DIRECTORIES = 20;

const NULLABLE = ['ca', 'bindDn', 'bindPassword', 'groupBase', 'attributes.disabled'];

/** Members that a preset fills in. */
const FROM_PRESET = ['userFilter', 'attributes', 'groupFilter', 'groupMember'] as const;

const NEW_STATUS: DirectoryStatus = {
  lastSyncAtMs: null,
  lastSuccessAtMs: null,
  failure: null,
  waiting: null,
  conflicts: [],
  userCount: 0,
  groupCount: 0,
};

/** The only way to change directories (R92). */
@Injectable()
export class DirectoriesService implements OnModuleInit, OnModuleDestroy {
  readonly #snapshot = new Snapshot<readonly StoredDirectory[]>('directories', () => this.#read());

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly audit: AuditService,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.changes.subscribe('directories', () => this.#snapshot.reload());
    await this.#snapshot.reload();
  }

  onModuleDestroy(): void {
    this.#snapshot.close();
  }

  all(): readonly StoredDirectory[] {
    return this.#snapshot.current;
  }

  byKey(key: string): StoredDirectory | null {
    return this.#snapshot.current.find((directory) => directory.key === key) ?? null;
  }

  /** @throws a 404 for an unknown key */
  get(key: string): StoredDirectory {
    const stored = this.byKey(key);
    if (stored === null) throw new ProblemException('not_found', 'No directory has this key.');
    return stored;
  }

  list(query: PageQuery): Page<DirectoryDto> {
    const [after] = decodeCursor(query.cursor, 1) ?? [''];
    if (typeof after !== 'string') throw invalidField('cursor', 'does not belong to this list.');
    const rows = this.#snapshot.current.filter(({ key }) => key > after);
    return pageOf(rows, query.limit, ({ key }) => [key], toDirectoryDto);
  }

  /** @throws LdapFailure if none of the configured keys opens it */
  passwordOf({ key, document, sealedPassword }: StoredDirectory): string {
    if (sealedPassword === null) return '';
    const password = this.box.open(sealedPassword, passwordContext(key, document));
    if (password === null) throw new LdapFailure('password');
    return password;
  }

  /** @throws a 400, or a 409 if the key is taken */
  async create(actor: Actor, asked: CreateDirectoryDto): Promise<StoredDirectory> {
    const { key } = asked;
    const document = checkedDocument(asked, typeof asked.bindPassword === 'string');
    const sealedPassword = this.#sealed(key, document, asked.bindPassword ?? null);
    const createdAtMs = this.clock.nowMs();
    const made: StoredDirectory = { key, version: 1, document, sealedPassword, createdAtMs, status: NEW_STATUS };
    try {
      await this.unitOfWork.run(async (unit) => {
        const { manager } = unit;
        if (await manager.existsBy(DirectoryEntity, { key })) throw keyTaken();
        if ((await manager.count(DirectoryEntity)) >= MAX_DIRECTORIES) {
          throw new ProblemException(
            'conflict',
            `There are ${MAX_DIRECTORIES} directories already, the most there can be.`,
          );
        }
        const { status, document: body, ...row } = made;
        await manager.insert(DirectoryEntity, { ...row, ...status, body, conflicts: null });
        this.audit.recordChange(manager, actor, {
          type: 'directory.created',
          detail: { subject: key, directory: describeDirectory(document, sealedPassword !== null) },
        });
        unit.changed('directories', key);
        await actor.idempotencyClaim?.keep(manager, toDirectoryDto(made), directoryTag(made));
      });
    } catch (error) {
      throw isDuplicateKey(error) ? keyTaken() : error;
    }
    return made;
  }

  /** Applies a merge patch. @throws a 400, a 404, or a 412 for another version than `ifMatch` */
  patch(
    { actor, ifMatch }: { readonly actor: Actor; readonly ifMatch: string | undefined },
    key: string,
    patch: unknown,
  ): Promise<StoredDirectory> {
    return this.unitOfWork.run(async (unit) => {
      const before = await this.lock(unit, key);
      requireMatch(ifMatch, directoryTag(before));
      const asked = await patched(before, patch);
      const after = { ...before, ...this.#changed(before, asked) };
      const changes = describeDirectoryChange(before, after);
      if (Object.keys(changes).length === 0) return before;
      const version = before.version + 1;
      const { document: body, sealedPassword } = after;
      // What waited was judged by the rules before.
      await unit.manager.update(DirectoryEntity, { key }, { version, body, sealedPassword, waiting: null });
      this.audit.recordChange(unit.manager, actor, { type: 'directory.changed', detail: { subject: key, changes } });
      unit.changed('directories', key);
      return { ...after, version, status: { ...after.status, waiting: null } };
    });
  }

  /** The row stays locked until the transaction ends. @throws a 404 */
  async lock({ manager }: Unit, key: string): Promise<StoredDirectory> {
    const row = await manager.findOne(DirectoryEntity, { where: { key }, ...rowLock(manager) });
    if (row === null) throw new ProblemException('not_found', 'No directory has this key.');
    return toStored(row);
  }

  async remove(unit: Unit, key: string, actor: Actor): Promise<void> {
    const { document, sealedPassword } = await this.lock(unit, key);
    await unit.manager.delete(DirectoryEntity, { key });
    this.audit.recordChange(unit.manager, actor, {
      type: 'directory.deleted',
      detail: { subject: key, directory: describeDirectory(document, sealedPassword !== null) },
    });
    unit.changed('directories', key);
  }

  #changed(before: StoredDirectory, asked: CreateDirectoryDto): Pick<StoredDirectory, 'document' | 'sealedPassword'> {
    const { key, sealedPassword: stored } = before;
    const { bindPassword } = asked;
    const keeps = stored !== null && bindPassword === undefined && asked.bindDn !== null;
    const document = checkedDocument(asked, keeps || typeof bindPassword === 'string');
    if (!keeps) return { document, sealedPassword: this.#sealed(key, document, bindPassword ?? null) };
    // Else whoever may change the address could send the password to a server of their own (R111).
    if (!isSameServer(before.document, document)) {
      throw invalidField('bindPassword', 'must be sent again, because "url" or "startTls" changes');
    }
    return { document, sealedPassword: stored };
  }

  #sealed(key: string, document: DirectoryDocument, password: string | null): string | null {
    return password === null ? null : this.box.seal(password, passwordContext(key, document));
  }

  async #read(): Promise<readonly StoredDirectory[]> {
    const rows = await this.unitOfWork.read((manager) => manager.find(DirectoryEntity, { order: { key: 'ASC' } }), {
      lane: 'changes',
    });
    return rows.map(toStored);
  }
}

/** @throws a 400 */
export function checkedDocument(asked: CreateDirectoryDto, hasPassword: boolean): DirectoryDocument {
  const document = documentOf(asked);
  const errors = documentErrors(document, hasPassword && asked.bindPassword !== '');
  if (errors.length > 0) throw invalidFields(errors);
  return document;
}

/** As a client would send it. A new preset fills in what the patch does not have. */
async function patched({ key, document }: StoredDirectory, patch: unknown): Promise<CreateDirectoryDto> {
  const isOther = isJsonObject(patch) && patch['preset'] !== undefined && patch['preset'] !== document.preset;
  const shown: Record<string, unknown> = { key, ...document };
  if (isOther) for (const member of FROM_PRESET) delete shown[member];
  const asked = await validateAs(CreateDirectoryDto, applyMergePatch(shown, patch, NULLABLE));
  if (asked.key !== key) throw invalidField('key', 'cannot be changed. Create another directory instead.');
  return asked;
}

function keyTaken(): ProblemException {
  return new ProblemException('conflict', 'A directory with this key exists.');
}
