import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { parseAllowListEntry } from '@scopegate/network';
import type { Warning } from '@scopegate/permission';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { entityTag, requireMatch } from '../common/http/entity-tag.js';
import { invalidField, invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { validateAs } from '../common/validation/validation.pipe.js';
import { ChangeFeed } from '../database/change-feed.js';
import { rowLock } from '../database/row-lock.js';
import { Snapshot } from '../database/snapshot.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { ReplaceSettingsDto } from './dto/settings.dto.js';
import { checkSettings, MAX_ALLOW_LIST_ENTRIES, patchSettings } from './settings-check.js';
import { describeSettingsChange } from './settings-change.js';
import { completeSettings, DEFAULT_SETTINGS, toSettings, type Settings, type SettingsDocument } from './settings.js';
import { settingsWarnings, type Requester } from './settings-warning.js';
import { SettingsEntity } from './settings.entity.js';

/** The settings are one row. */
const ROW_ID = 1;

/** The settings every node acts by, and the only way to change them. */
@Injectable()
export class SettingsService implements OnModuleInit, OnModuleDestroy {
  readonly #snapshot = new Snapshot('settings', () => this.unitOfWork.read(readStored, { lane: 'changes' }));
  readonly #warningSources: (() => readonly Warning[])[] = [];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly audit: AuditService,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.unitOfWork.run(({ manager }) => createMissingRow(manager));
    this.changes.subscribe('settings', () => this.#snapshot.reload());
    await this.#snapshot.reload();
    this.audit.failOpenWhile(() => this.current().audit.failOpen);
  }

  onModuleDestroy(): void {
    this.#snapshot.close();
  }

  /** The settings as this node knows them now. */
  current(): Settings {
    return this.#snapshot.current;
  }

  /** Has another module add its warnings to those of the settings (R54). */
  addWarningSource(source: () => readonly Warning[]): void {
    this.#warningSources.push(source);
  }

  /** What the administrator should know about these settings. */
  warnings(settings: Settings, requester: Requester): readonly Warning[] {
    return [...settingsWarnings(settings, requester), ...this.#warningSources.flatMap((source) => source())];
  }

  /** Changes the members that a merge patch names. */
  patch(actor: Actor, ifMatch: string | undefined, patch: unknown): Promise<Settings> {
    return this.#change(actor, ifMatch, async (before) =>
      checked(await validateAs(ReplaceSettingsDto, patchSettings(before, patch))),
    );
  }

  /** Replaces all settings. */
  replace(actor: Actor, ifMatch: string | undefined, body: ReplaceSettingsDto): Promise<Settings> {
    return this.#change(actor, ifMatch, () => checked(body));
  }

  /**
   * Adds one entry to the allow list (R33).
   * @returns the entry in its canonical text, and the settings with it
   */
  async addAllowListEntry(
    actor: Actor,
    ifMatch: string | undefined,
    value: string,
    toAnswer: (entry: string, settings: Settings) => object,
  ): Promise<{ readonly entry: string; readonly settings: Settings }> {
    const result = parseAllowListEntry(value);
    if (!result.ok) throw invalidField('entry', `is not a valid allow-list entry. ${result.message}`);
    const entry = result.entry.text;
    const decide = (before: SettingsDocument): SettingsDocument => {
      const { allowList } = before.ipRestriction;
      if (allowList.includes(entry)) {
        throw new ProblemException('conflict', `The allow list already contains ${entry}.`);
      }
      if (allowList.length >= MAX_ALLOW_LIST_ENTRIES) {
        throw invalidField(
          'entry',
          `cannot be added: the allow list may have at most ${MAX_ALLOW_LIST_ENTRIES} entries.`,
        );
      }
      return withAllowList(before, [...allowList, entry]);
    };
    const settings = await this.#change(actor, ifMatch, decide, async (manager, after) =>
      actor.idempotencyClaim?.keep(manager, toAnswer(entry, after), entityTag(after.version)),
    );
    return { entry, settings };
  }

  /** Takes one entry off the allow list, in whatever spelling it is named (R33). */
  removeAllowListEntry(actor: Actor, ifMatch: string | undefined, value: string): Promise<Settings> {
    const result = parseAllowListEntry(value);
    const entry = result.ok ? result.entry.text : null;
    return this.#change(actor, ifMatch, (before) => {
      const { allowList } = before.ipRestriction;
      if (entry === null || !allowList.includes(entry)) {
        throw new ProblemException('not_found', 'The allow list does not contain this entry.');
      }
      return withAllowList(
        before,
        allowList.filter((present) => present !== entry),
      );
    });
  }

  async #change(
    actor: Actor,
    ifMatch: string | undefined,
    decide: (before: SettingsDocument) => SettingsDocument | Promise<SettingsDocument>,
    keep?: (manager: EntityManager, after: Settings) => Promise<void>,
  ): Promise<Settings> {
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      const row = await manager.findOneOrFail(SettingsEntity, { where: { id: ROW_ID }, ...rowLock(manager) });
      requireMatch(ifMatch, row.version);
      const before = completeSettings(row.body);
      const after = await decide(before);
      const changes = describeSettingsChange(before, after);
      if (Object.keys(changes).length === 0) return toSettings(before, row.version);
      const version = row.version + 1;
      await manager.update(SettingsEntity, { id: ROW_ID }, { body: after, version });
      this.audit.recordChange(manager, actor, { type: 'settings.changed', detail: { changes } });
      unit.changed('settings', 'settings');
      const settings = toSettings(after, version);
      await keep?.(manager, settings);
      return settings;
    });
  }
}

/** Several nodes may start at once: the row of the first one stays. */
async function createMissingRow(manager: EntityManager): Promise<void> {
  if (await manager.existsBy(SettingsEntity, { id: ROW_ID })) return;
  await manager
    .createQueryBuilder()
    .insert()
    .into(SettingsEntity)
    .values({ id: ROW_ID, body: DEFAULT_SETTINGS, version: 1 })
    .orIgnore()
    .updateEntity(false)
    .execute();
}

async function readStored(manager: EntityManager): Promise<Settings> {
  const row = await manager.findOneByOrFail(SettingsEntity, { id: ROW_ID });
  return toSettings(completeSettings(row.body), row.version);
}

function checked(body: ReplaceSettingsDto): SettingsDocument {
  const check = checkSettings(body);
  if (check.ok) return check.document;
  throw invalidFields(check.errors);
}

function withAllowList(document: SettingsDocument, allowList: readonly string[]): SettingsDocument {
  return { ...document, ipRestriction: { ...document.ipRestriction, allowList } };
}
