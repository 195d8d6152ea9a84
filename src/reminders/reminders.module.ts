import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { DueReminders } from './due-reminders.service.js';
import { LetterReader } from './letter.reader.js';
import { MailDelivery } from './mail-delivery.service.js';
import { MailQueue } from './mail-queue.service.js';
import { MailRepository } from './mail.repository.js';
import { ReminderJob } from './reminder.job.js';
import { ReminderMetrics } from './reminder.metrics.js';
import { ReminderWarning } from './reminder-warning.js';
import { ReminderRepository } from './reminder.repository.js';

/** Reminders before a token ends, and their mails (R98). */
@Module({
  imports: [AuditModule, DirectoryModule, SettingsModule, TokensModule],
  providers: [
    DueReminders,
    LetterReader,
    MailDelivery,
    MailQueue,
    MailRepository,
    ReminderJob,
    ReminderMetrics,
    ReminderRepository,
    ReminderWarning,
  ],
})
export class RemindersModule {}
