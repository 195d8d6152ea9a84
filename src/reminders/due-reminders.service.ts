import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { dueReminder, validityMonths, type DueReminder } from '@scopegate/token';
import type { EntityManager } from 'typeorm';
import { SYSTEM_ACTOR } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { DatabaseClock } from '../database/database-clock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DirectoryService } from '../directory/directory.service.js';
import { SettingsService } from '../settings/settings.service.js';
import { EndingTokenReader, type EndingToken, type TokenRange } from '../tokens/ending-token.reader.js';
import { MailQueue } from './mail-queue.service.js';
import { recipientsOf } from './recipients.js';
import { ReminderRepository } from './reminder.repository.js';

const DAY_MS = 86_400_000;

/** Tokens in one read and in one transaction. */
const PAGE_SIZE = 100;

/** Requests can use the rows, and SQLite's only connection, between two pages. */
const PAUSE_MS = 20;

/** A look at all tokens also finds those whose owner is active again, or whose end a setting has changed. */
const FULL_LOOK_MS = 3_600_000;

interface Look {
  readonly atMs: number;
  readonly fullAtMs: number;
  /** The settings that decide what is due. */
  readonly rules: string;
}

/** Makes the reminders that are due: each once, together with its event (R98). */
@Injectable()
export class DueReminders {
  #last: Look | null = null;
  #made = 0;

  constructor(
    private readonly tokens: EndingTokenReader,
    private readonly reminders: ReminderRepository,
    private readonly mails: MailQueue,
    private readonly directory: DirectoryService,
    private readonly settings: SettingsService,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: DatabaseClock,
  ) {}

  /** How many reminders this process has made. */
  get made(): number {
    return this.#made;
  }

  /** The next look is at all tokens: another node may have looked meanwhile. */
  forget(): void {
    this.#last = null;
  }

  /** @param goesOn is asked between two pages */
  async make(goesOn: () => Promise<boolean>): Promise<void> {
    const nowMs = await this.clock.readMs();
    const { reminders, tokenValidity } = this.settings.current();
    const rules = JSON.stringify([reminders.days, tokenValidity]);
    const last = this.#last;
    const isFull = last === null || last.rules !== rules || nowMs < last.atMs || nowMs - last.fullAtMs >= FULL_LOOK_MS;
    for (const range of isFull ? this.#allRanges(nowMs) : this.#newRanges(last.atMs, nowMs)) {
      if (!(await this.#look(range, nowMs, goesOn))) return;
    }
    this.#last = { atMs: nowMs, fullAtMs: isFull ? nowMs : last.fullAtMs, rules };
  }

  #allRanges(nowMs: number): readonly TokenRange[] {
    const { reminders, tokenValidity } = this.settings.current();
    if (reminders.days.length === 0) return [];
    const untilMs = nowMs + Math.max(...reminders.days) * DAY_MS;
    const byEnd: TokenRange = { column: 'expiresAtMs', afterMs: nowMs, untilMs };
    const months = tokenValidity.applyAtUse ? validityMonths(tokenValidity.maximum) : null;
    if (months === null) return [byEnd];
    // The maximum ends these. Months have 28 to 31 days; the rule itself knows the day.
    return [
      byEnd,
      { column: 'createdAtMs', afterMs: nowMs - months * 31 * DAY_MS, untilMs: untilMs - months * 28 * DAY_MS },
    ];
  }

  /** What has reached a threshold since the last look. */
  #newRanges(lastMs: number, nowMs: number): readonly TokenRange[] {
    return this.settings.current().reminders.days.map((days) => ({
      column: 'expiresAtMs',
      afterMs: lastMs + days * DAY_MS,
      untilMs: nowMs + days * DAY_MS,
    }));
  }

  /** @returns whether it came to the end */
  async #look(range: TokenRange, nowMs: number, goesOn: () => Promise<boolean>): Promise<boolean> {
    for (let last: EndingToken | null = null; ;) {
      const page: readonly EndingToken[] = await this.tokens.page(range, last, PAGE_SIZE);
      await this.#remind(page, nowMs);
      last = page.at(-1) ?? null;
      if (page.length < PAGE_SIZE) return true;
      await pause(PAUSE_MS);
      if (!(await goesOn())) return false;
    }
  }

  async #remind(page: readonly EndingToken[], nowMs: number): Promise<void> {
    const near = page.filter((token) => this.#due(token, [], nowMs) !== null);
    if (near.length === 0) return;
    const reminded = await this.reminders.read(near.map(({ id }) => id));
    const due = near.filter((token) => this.#due(token, reminded.get(token.id) ?? [], nowMs) !== null);
    const active = await this.tokens.findActive(due);
    const ids = due.map(({ id }) => id).filter((id) => active.has(id));
    if (ids.length === 0) return;
    const users = await this.directory.findAll(due.flatMap(({ ownerId, creatorId }) => [ownerId, creatorId]));
    this.#made += await this.unitOfWork.run(({ manager }) => this.#store(manager, ids, users, nowMs));
  }

  /** Looks again at the locked tokens: another node may have been faster, or the token has ended. */
  async #store(
    manager: EntityManager,
    ids: readonly string[],
    users: ReadonlyMap<string, PrincipalFacts>,
    nowMs: number,
  ): Promise<number> {
    const locked = await this.tokens.lock(manager, ids);
    const reminded = await this.reminders.remindedAt(manager, ids);
    let made = 0;
    for (const token of locked) {
      const due = this.#due(token, reminded.get(token.id) ?? [], nowMs);
      if (due === null) continue;
      made += 1;
      await this.reminders.insert(manager, [{ tokenId: token.id, days: due.days, madeAtMs: nowMs }]);
      const recipients = this.mails.isOn ? recipientsOf(token, users).map(({ user }) => user) : [];
      const occasion = { kind: 'ends', days: due.days } as const;
      await this.mails.add(
        manager,
        token.id,
        occasion,
        recipients.map(({ id }) => id),
        nowMs,
      );
      this.audit.recordChange(manager, SYSTEM_ACTOR, {
        type: 'token.expires-soon',
        owner: users.get(token.ownerId)?.username ?? token.ownerName,
        tokenId: token.id,
        tokenDescription: token.description,
        tokenScope: token.scope,
        detail: {
          days: due.days,
          expiresAt: new Date(due.endMs).toISOString(),
          mailTo: recipients.map(({ username }) => username),
        },
      });
    }
    return made;
  }

  #due(token: EndingToken, reminded: readonly number[], nowMs: number): DueReminder | null {
    const { reminders, tokenValidity } = this.settings.current();
    const { createdAtMs: createdAt, expiresAtMs: expiresAt, revokedAtMs: revokedAt, successorId } = token;
    const facts = { createdAt, expiresAt, revokedAt, isReplaced: successorId !== null };
    return dueReminder(facts, reminded, reminders.days, tokenValidity, nowMs);
  }
}
