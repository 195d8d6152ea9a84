import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { parseAllowListEntry } from '@scopegate/network';
import type { Warning } from '@scopegate/permission';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField, invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { ChangeFeed } from '../database/change-feed.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { StoredDocument, type Save, type Versioned } from '../documents/stored-document.js';
import {
  DEFAULT_SETTINGS,
  MAX_ALLOW_LIST_ENTRIES,
  ReplaceSettingsDto,
  type SettingsDocument,
} from './dto/settings.dto.js';
import { checkSettings, patchSettings } from './settings-check.js';
import { describeSettingsChange } from './settings-change.js';
import { toSettings, type Settings } from './settings.js';
import { settingsWarnings, type Requester } from './settings-warning.js';
import { SettingsEntity } from './settings.entity.js';

/** The only way to change settings. */
@Injectable()
export class SettingsService implements OnModuleInit, OnModuleDestroy {
  readonly #document: StoredDocument<SettingsDocument, Settings, ReplaceSettingsDto>;
  readonly #warningSources: (() => readonly Warning[])[] = [];

  constructor(
    unitOfWork: UnitOfWork,
    changes: ChangeFeed,
    private readonly audit: AuditService,
  ) {
    this.#document = new StoredDocument(
      {
        name: 'settings',
        entity: SettingsEntity,
        dto: ReplaceSettingsDto,
        defaults: DEFAULT_SETTINGS,
        missing: DEFAULT_SETTINGS,
        merge: patchSettings,
        check: (body, _unit, known) => checked(body, known),
        parse: toSettings,
        describe: describeSettingsChange,
      },
      unitOfWork,
      changes,
      audit,
    );
  }

  async onModuleInit(): Promise<void> {
    await this.#document.open();
    this.audit.setFailOpenPolicy(() => this.current().audit.failOpen);
  }

  onModuleDestroy(): void {
    this.#document.close();
  }

  current(): Settings {
    return this.#document.current.value;
  }

  currentVersion(): Versioned<Settings> {
    return this.#document.current;
  }

  /** Another module adds its warnings here (R54). */
  addWarningSource(source: () => readonly Warning[]): void {
    this.#warningSources.push(source);
  }

  warnings(settings: Settings, requester: Requester): readonly Warning[] {
    return [...settingsWarnings(settings, requester), ...this.#warningSources.flatMap((source) => source())];
  }

  patch(save: Save, patch: unknown): Promise<Versioned<Settings>> {
    return this.#document.patch(save, patch);
  }

  replace(save: Save, body: ReplaceSettingsDto): Promise<Versioned<Settings>> {
    return this.#document.replace(save, body);
  }

  /** R33. @param toAnswer makes the answer from the canonical entry, stored for repeated calls */
  async addAllowListEntry<Answer extends object>(
    actor: Actor,
    ifMatch: string | undefined,
    text: string,
    toAnswer: (entry: string, settings: Settings) => Answer,
  ): Promise<{ readonly answer: Answer; readonly tag: string }> {
    const result = parseAllowListEntry(text);
    if (!result.ok) throw invalidField('entry', `is not a valid allow-list entry. ${result.message}`);
    const entry = result.entry.text;
    const after = await this.#document.change(
      { actor, ifMatch },
      (before) => {
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
      },
      async (manager, { value, tag }) => actor.idempotencyClaim?.keep(manager, toAnswer(entry, value), tag),
    );
    return { answer: toAnswer(entry, after.value), tag: after.tag };
  }

  /** In any spelling (R33). */
  async removeAllowListEntry(actor: Actor, ifMatch: string | undefined, text: string): Promise<string> {
    const result = parseAllowListEntry(text);
    const entry = result.ok ? result.entry.text : null;
    const { tag } = await this.#document.change({ actor, ifMatch }, (before) => {
      const { allowList } = before.ipRestriction;
      if (entry === null || !allowList.includes(entry)) {
        throw new ProblemException('not_found', 'The allow list does not contain this entry.');
      }
      return withAllowList(
        before,
        allowList.filter((present) => present !== entry),
      );
    });
    return tag;
  }
}

function checked(body: ReplaceSettingsDto, known: Settings | null): Settings {
  const check = checkSettings(body, known);
  if (check.ok) return check.settings;
  throw invalidFields(check.errors);
}

function withAllowList(document: SettingsDocument, allowList: readonly string[]): Settings {
  return toSettings({ ...document, ipRestriction: { ...document.ipRestriction, allowList } });
}
