import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { DatabaseClock } from '../database/database-clock.js';
import { LetterReader } from './letter.reader.js';
import type { MailEntity } from './mail.entity.js';
import { MailQueue } from './mail-queue.service.js';
import { MailRepository } from './mail.repository.js';
import { SmtpConnector, SmtpFailure, type SendResult } from './smtp.connector.js';

/** In one run: with the interval of the job, at most ten a second. */
const MAILS_IN_ONE_RUN = 100;

/** Longer than a node can need for one mail from its mark on: to send it, and to reset the connection. */
const ABANDONED_MS = 600_000;

/** Between two tries of one mail, and of the server: twice as long each time. */
const FIRST_PAUSE_MS = { mail: 60_000, server: 5_000 } as const;
const LAST_PAUSE_MS = { mail: 3_600_000, server: 300_000 } as const;

/** `dropped`: there was nothing to tell any more. `unknown`: sent, and perhaps not taken. */
export const MAIL_RESULTS = ['sent', 'refused', 'dropped', 'unknown'] as const;

export type MailResult = (typeof MAIL_RESULTS)[number];

/** Sends the mails that wait, each at most once (R98). */
@Injectable()
export class MailDelivery {
  readonly #logger = new Logger(MailDelivery.name);
  readonly #totals: Record<MailResult, number> = { sent: 0, refused: 0, dropped: 0, unknown: 0 };
  #failures = 0;
  #pausedUntilMs = 0;
  #waiting = 0;

  constructor(
    private readonly mails: MailRepository,
    private readonly queue: MailQueue,
    private readonly letters: LetterReader,
    private readonly clock: DatabaseClock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  total(result: MailResult): number {
    return this.#totals[result];
  }

  /** As this process has seen them last; 0 if another node sends them. */
  get waiting(): number {
    return this.#waiting;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Another node sends them now. */
  rest(): void {
    this.#waiting = 0;
    this.#failures = 0;
  }

  /** @param goesOn is asked before each mail */
  async sendDue(goesOn: () => Promise<boolean>): Promise<void> {
    if (this.configuration.mail === null) return;
    const nowMs = await this.clock.readMs();
    this.#waiting = await this.mails.countWaiting();
    if (this.#waiting === 0) return;
    this.#count('unknown', await this.mails.removeAbandoned(nowMs - ABANDONED_MS));
    if (performance.now() < this.#pausedUntilMs) return;
    const due = await this.mails.due(nowMs, MAILS_IN_ONE_RUN);
    let connector: SmtpConnector | null = null;
    try {
      for (const mail of due) {
        if (!(await goesOn())) break;
        // At each mail anew: with a slow server, the time of the run would be too old for the later ones.
        const letter = this.queue.isOn ? await this.letters.read(mail, await this.clock.readMs()) : null;
        if (letter === null) {
          await this.#end(mail, 'dropped');
          continue;
        }
        if (connector === null) {
          connector = await SmtpConnector.open(this.configuration.mail);
          // That can take long.
          if (!(await goesOn())) break;
        }
        // Before it is sent. If this process dies from here on, the mail is lost and never sent twice.
        if (!(await this.mails.claim(mail, await this.clock.readMs()))) continue;
        const result = await connector.send(letter);
        await this.#settle(mail, result);
        if (result === 'broken' || result === 'unknown') {
          throw new SmtpFailure({ code: 'the connection broke' });
        }
        this.#noteSuccess();
      }
    } catch (error) {
      if (!(error instanceof SmtpFailure)) throw error;
      this.#noteFailure(error);
    } finally {
      connector?.close();
    }
  }

  async #settle(mail: MailEntity, result: SendResult): Promise<void> {
    switch (result) {
      case 'sent':
      case 'refused':
      case 'unknown':
        await this.#end(mail, result);
        break;
      case 'deferred':
        await this.mails.putBack(mail, (await this.clock.readMs()) + pauseMs('mail', mail.attempts + 1));
        break;
      case 'broken':
        // It is not to blame: it waits with all others until the server works again.
        await this.mails.putBack(mail, await this.clock.readMs());
        break;
    }
  }

  async #end(mail: MailEntity, result: MailResult): Promise<void> {
    await this.mails.remove(mail);
    this.#waiting = Math.max(0, this.#waiting - 1);
    this.#count(result, 1);
  }

  #count(result: MailResult, mails: number): void {
    if (mails === 0) return;
    this.#totals[result] += mails;
    if (result === 'refused') this.#logger.warn('The mail server refuses a mail; it is not sent.');
    if (result === 'unknown') {
      this.#logger.warn('It is not known whether mails were taken; they are not sent again.', { mails });
    }
  }

  #noteSuccess(): void {
    if (this.#failures > 0) this.#logger.log('The mail server works again.');
    this.#failures = 0;
    this.#pausedUntilMs = 0;
  }

  /** One line for an outage, not one for each try. */
  #noteFailure(failure: SmtpFailure): void {
    this.#failures += 1;
    this.#pausedUntilMs = performance.now() + pauseMs('server', this.#failures);
    if (this.#failures > 1) return;
    this.#logger.warn('Mails cannot be sent and are tried again.', { cause: failure.message });
  }
}

function pauseMs(of: keyof typeof FIRST_PAUSE_MS, tries: number): number {
  return Math.min(LAST_PAUSE_MS[of], FIRST_PAUSE_MS[of] * 2 ** Math.min(16, tries - 1));
}
