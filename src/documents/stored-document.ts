import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import type { AuditService } from '../audit/audit.service.js';
import { entityTag, requireMatch } from '../common/http/entity-tag.js';
import { applyMergePatch } from '../common/validation/merge-patch.js';
import { validateAs } from '../common/validation/validation.pipe.js';
import type { ChangeFeed } from '../database/change-feed.js';
import { rowLock } from '../database/row-lock.js';
import { Snapshot } from '../database/snapshot.js';
import type { Unit, UnitOfWork } from '../database/unit-of-work.js';
import type { DocumentRow } from './document-row.js';

const ROW_ID = 1;

export interface DocumentRules<Document extends object, Parsed extends Document, Dto extends object> {
  /** The topic of changes; the audit event is `<name>.changed`. */
  readonly name: 'settings' | 'permissions';
  readonly entity: new () => DocumentRow;
  /** The body of a PUT, and the required result of a merge patch. */
  readonly dto: new () => Dto;
  /** A fresh install, section by section. */
  readonly defaults: Document;
  /** The values of members that the stored document does not have. */
  readonly missing: Document;
  /** Applies a merge patch; the default is RFC 7396. */
  readonly merge?: (before: Document, patch: unknown) => object;
  /**
   * Checks what the DTO cannot, and parses the result.
   * @param known the last result, to reuse unchanged lists
   * @throws ProblemException 400
   */
  readonly check: (body: Dto, unit: Unit, known: Parsed | null) => Parsed | Promise<Parsed>;
  /** An error here ends the start. */
  readonly parse: (stored: Document, known: Parsed | null) => Parsed;
  /** For the audit; empty without changes. */
  readonly describe: (before: Document, after: Document) => Readonly<Record<string, unknown>>;
}

export interface Versioned<Value> {
  readonly value: Value;
  readonly tag: string;
}

/** Who changes a document, and how. */
export interface Save {
  readonly actor: Actor;
  /** The version that the change is for. */
  readonly ifMatch: string | undefined;
  /** Checks everything and stores nothing (R102). */
  readonly isDryRun?: boolean;
}

/** One row of the database: kept as a snapshot, changed under `If-Match`, audited and announced. */
export class StoredDocument<Document extends object, Parsed extends Document, Dto extends object> {
  readonly #snapshot: Snapshot<Versioned<Parsed>>;
  #known: Parsed | null = null;

  constructor(
    private readonly rules: DocumentRules<Document, Parsed, Dto>,
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly audit: AuditService,
  ) {
    this.#snapshot = new Snapshot(rules.name, () => unitOfWork.read((manager) => this.#read(manager), CHANGES_LANE));
  }

  /** Creates a missing row, then reads it. */
  async open(): Promise<void> {
    await this.unitOfWork.run(({ manager }) => this.#createMissingRow(manager));
    this.changes.subscribe(this.rules.name, () => this.#snapshot.reload());
    await this.#snapshot.reload();
  }

  close(): void {
    this.#snapshot.close();
  }

  get current(): Versioned<Parsed> {
    return this.#snapshot.current;
  }

  /** The row stays locked until the transaction ends. */
  async lock(manager: EntityManager): Promise<Document> {
    return (await this.#lockRow(manager)).value;
  }

  patch(save: Save, patch: unknown): Promise<Versioned<Parsed>> {
    const { merge = mergeInto, dto, check } = this.rules;
    return this.change(save, async (before, unit) =>
      check(await validateAs(dto, merge(before, patch)), unit, this.#known),
    );
  }

  replace(save: Save, body: Dto): Promise<Versioned<Parsed>> {
    return this.change(save, (_before, unit) => this.rules.check(body, unit, this.#known));
  }

  /**
   * @param decide makes the new document
   * @param keep stores more in the same transaction, unless nothing changes
   * @returns for a dry run, the document as it would be, with the tag of the stored one
   * @throws ProblemException 412 for another version than `If-Match`
   */
  change(
    { actor, ifMatch, isDryRun = false }: Save,
    decide: (before: Document, unit: Unit) => Parsed | Promise<Parsed>,
    keep?: (manager: EntityManager, after: Versioned<Parsed>) => Promise<void>,
  ): Promise<Versioned<Parsed>> {
    const { name, entity, defaults, describe } = this.rules;
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      // Locked before the check: changes of other rows lock this one, too, so one waits for the other.
      const { value: before, version } = await this.#lockRow(manager);
      const tag = entityTag(version, before);
      requireMatch(ifMatch, tag);
      const value = await decide(before, unit);
      const body = sectionsOf(defaults, value);
      const changes = describe(before, body);
      if (Object.keys(changes).length === 0) return { value: this.#parse(before), tag };
      if (isDryRun) return { value, tag };
      const after = { value, tag: entityTag(version + 1, body) };
      await manager.update(entity, { id: ROW_ID }, { body, version: version + 1 });
      this.audit.recordChange(manager, actor, { type: `${name}.changed`, detail: { changes } });
      unit.changed(name, name);
      await keep?.(manager, after);
      this.#known = value;
      return after;
    });
  }

  async #read(manager: EntityManager): Promise<Versioned<Parsed>> {
    const { entity, missing } = this.rules;
    const { body, version } = await manager.findOneByOrFail(entity, { id: ROW_ID });
    const document = sectionsOf(missing, body);
    return { value: this.#parse(document), tag: entityTag(version, document) };
  }

  async #lockRow(manager: EntityManager): Promise<{ readonly value: Document; readonly version: number }> {
    const { entity, missing } = this.rules;
    const row = await manager.findOneOrFail(entity, { where: { id: ROW_ID }, ...rowLock(manager) });
    return { value: sectionsOf(missing, row.body), version: row.version };
  }

  #parse(document: Document): Parsed {
    this.#known = this.rules.parse(document, this.#known);
    return this.#known;
  }

  /** Several nodes may start at once: the first row stays (R20). */
  async #createMissingRow(manager: EntityManager): Promise<void> {
    const { entity, defaults } = this.rules;
    if (await manager.existsBy(entity, { id: ROW_ID })) return;
    await manager
      .createQueryBuilder()
      .insert()
      .into(entity)
      .values({ id: ROW_ID, body: defaults, version: 1 })
      .orIgnore()
      .updateEntity(false)
      .execute();
  }
}

const mergeInto = (before: object, patch: unknown): object => applyMergePatch({ ...before }, patch);

const CHANGES_LANE = { lane: 'changes' } as const;

/**
 * Drops other members; the defaults give missing ones.
 * @param document parsed, stored, or a DTO
 */
export function sectionsOf<Document extends object>(defaults: Document, document: object): Document {
  const stored = document as Readonly<Record<string, object | undefined>>;
  return Object.fromEntries(
    Object.entries(defaults).map(([name, section]) => [name, { ...(section as object), ...stored[name] }]),
  ) as Document;
}
