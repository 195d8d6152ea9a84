import { Inject, Injectable } from '@nestjs/common';
import { effectiveExpiry } from '@scopegate/token';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { DirectoryService } from '../directory/directory.service.js';
import { SettingsService } from '../settings/settings.service.js';
import { EndingTokenReader, type EndingToken } from '../tokens/ending-token.reader.js';
import { endingLetter, newAddressLetter, type LetterFacts, type LetterText } from './letter-text.js';
import type { MailEntity } from './mail.entity.js';
import { readOccasion } from './occasion.js';
import { recipientsOf } from './recipients.js';
import { ReminderRepository } from './reminder.repository.js';
import type { Letter } from './smtp.connector.js';

const DAY_MS = 86_400_000;

/** After that, a mail helps nobody. */
const MAX_AGE_MS = { ends: 7 * DAY_MS, address: DAY_MS } as const;

/** Writes a mail from what holds now. */
@Injectable()
export class LetterReader {
  constructor(
    private readonly tokens: EndingTokenReader,
    private readonly reminders: ReminderRepository,
    private readonly directory: DirectoryService,
    private readonly settings: SettingsService,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** Null if there is nothing to tell any more: the token has ended or has a successor, or the user has left. */
  async read({ tokenId, occasion: text, userId, madeAtMs }: MailEntity, nowMs: number): Promise<Letter | null> {
    const occasion = readOccasion(text);
    const token = occasion === null ? null : await this.tokens.find(tokenId);
    if (occasion === null || token === null || nowMs - madeAtMs > MAX_AGE_MS[occasion.kind]) return null;
    if (!(await this.tokens.findActive([token])).has(tokenId)) return null;
    const users = await this.directory.findAll([token.ownerId, token.creatorId]);
    const recipients = recipientsOf(token, users);
    const recipient = recipients.find(({ user }) => user.id === userId);
    if (recipient === undefined) return null;
    const facts: LetterFacts = {
      description: token.description,
      hint: token.hint,
      tokenId,
      scope: token.scope,
      owner: users.get(token.ownerId)?.username ?? token.ownerName,
      creator: token.creatorId === token.ownerId ? null : (users.get(token.creatorId)?.username ?? null),
      isOwn: userId === token.ownerId,
      alsoTold: recipients.find(({ user }) => user.id !== userId)?.user.username ?? null,
      publicUrl: this.configuration.publicUrl,
    };
    const written =
      occasion.kind === 'ends'
        ? await this.#ending(token, facts, occasion.days, nowMs)
        : newAddressLetter(facts, occasion.addresses, madeAtMs);
    return written === null ? null : { ...written, to: recipient.email, sentAtMs: nowMs };
  }

  async #ending(token: EndingToken, facts: LetterFacts, days: number, nowMs: number): Promise<LetterText | null> {
    const lifetime = { createdAt: token.createdAtMs, expiresAt: token.expiresAtMs };
    const endMs = effectiveExpiry(lifetime, this.settings.current().tokenValidity);
    if (endMs === null || nowMs >= endMs || token.successorId !== null) return null;
    // After an outage, only the last one.
    if (await this.reminders.hasNearer(token.id, days)) return null;
    return endingLetter(facts, endMs, nowMs);
  }
}
