import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { SettingsService } from '../settings/settings.service.js';
import { TokenAddressRecorder } from '../tokens/token-address.recorder.js';
import { TokenPurger } from '../tokens/token.purger.js';
import { MailRepository } from './mail.repository.js';
import { occasionText, type Occasion } from './occasion.js';
import { ReminderRepository } from './reminder.repository.js';

/** Of one token in a day: a token that travels must not fill a mailbox. Its events go on. */
const MAX_ADDRESS_MAILS = 3;

/** Takes the mails that are to be sent, in the transaction of what they tell. */
@Injectable()
export class MailQueue implements OnModuleInit {
  constructor(
    private readonly mails: MailRepository,
    private readonly reminders: ReminderRepository,
    private readonly settings: SettingsService,
    private readonly addresses: TokenAddressRecorder,
    private readonly tokens: TokenPurger,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  onModuleInit(): void {
    this.addresses.onNewAddress(async (manager, { token, block, atMs, latelyFound }) => {
      if (latelyFound > MAX_ADDRESS_MAILS) return;
      // Who has an address, and is active, is found out when the mail is sent: this transaction reads no users.
      const userIds = [...new Set([token.ownerId, token.creatorId])];
      await this.add(manager, token.id, { kind: 'address', addresses: block }, userIds, atMs);
    });
    this.tokens.onPurging(async (manager, ids) => {
      await this.reminders.removeOf(manager, ids);
      await this.mails.removeOf(manager, ids);
    });
  }

  /** Whether the settings want mails and the configuration says how to send them. */
  get isOn(): boolean {
    return this.settings.current().reminders.mail && this.configuration.mail !== null;
  }

  /** Nothing if it is off. */
  async add(
    manager: EntityManager,
    tokenId: string,
    occasion: Occasion,
    userIds: readonly string[],
    nowMs: number,
  ): Promise<void> {
    if (!this.isOn) return;
    const keys = userIds.map((userId) => ({ tokenId, occasion: occasionText(occasion), userId }));
    await this.mails.insert(manager, keys, nowMs);
  }
}
