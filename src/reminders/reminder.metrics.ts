import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from '../metrics/metrics.registry.js';
import { DueReminders } from './due-reminders.service.js';
import { MAIL_RESULTS, MailDelivery } from './mail-delivery.service.js';

@Injectable()
export class ReminderMetrics {
  constructor(metrics: MetricsRegistry, reminders: DueReminders, delivery: MailDelivery) {
    metrics.observeCount('reminders_total', 'Reminders that were made before a token ends.', [], () => [
      { labels: {}, value: reminders.made },
    ]);
    metrics.observeCount('mails_total', 'Mails that were sent, or given up.', ['result'], () =>
      MAIL_RESULTS.map((result) => ({ labels: { result }, value: delivery.total(result) })),
    );
    metrics.observe('mails_waiting', 'Mails that wait to be sent, at the node that sends them.', [], () => [
      { labels: {}, value: delivery.waiting },
    ]);
    metrics.observe(
      'mail_failing',
      '1 if the last try to reach the mail server failed.',
      [],
      () => [{ labels: {}, value: delivery.isFailing ? 1 : 0 }],
      'max',
    );
  }
}
