import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Warning } from '@scopegate/permission';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { SettingsService } from '../settings/settings.service.js';
import { ReminderRepository } from './reminder.repository.js';

/** Warns in the settings that nobody gets the mails of reminders, once there was one. */
@Injectable()
export class ReminderWarning implements OnModuleInit {
  #hasReminders = false;

  constructor(
    private readonly reminders: ReminderRepository,
    private readonly settings: SettingsService,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  onModuleInit(): void {
    this.settings.addWarningSource(() => this.#warnings());
  }

  /** Reads whether there are reminders, while that matters. */
  async look(): Promise<void> {
    if (this.configuration.mail === null && !this.#hasReminders) this.#hasReminders = await this.reminders.hasAny();
  }

  #warnings(): readonly Warning[] {
    const isMissed = this.#hasReminders && this.configuration.mail === null && this.settings.current().reminders.mail;
    if (!isMissed) return [];
    return [
      {
        code: 'reminders_not_mailed',
        message:
          'Tokens end soon, and nobody gets a mail about it, because SCOPEGATE_SMTP_URL is not set. Set it and ' +
          'SCOPEGATE_MAIL_FROM, or switch reminders.mail off if the audit log is enough.',
      },
    ];
  }
}
