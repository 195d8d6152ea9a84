import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { MailConfiguration } from '../config/mail-configuration.js';

/** For a connection, for its greeting, and for the name of the server. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Silence of the server. */
const SILENCE_MS = 20_000;

/** For a login, or for one mail: a server that sends a byte now and then cannot hold the job. */
const STEP_TIMEOUT_MS = 40_000;

/** A plain text to one address. No user chooses a header. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly sentAtMs: number;
}

/**
 * - sent: the server has taken it.
 * - refused: the server will never take it.
 * - deferred: not taken, another try can succeed.
 * - broken: not taken, and the connection cannot be used any more.
 * - unknown: the connection ended after the content and before the answer.
 */
export type SendResult = 'sent' | 'refused' | 'deferred' | 'broken' | 'unknown';

/** What a log may show: replies of a server can repeat a login or an address. */
export class SmtpFailure extends Error {
  override readonly name = 'SmtpFailure';

  constructor(cause: unknown) {
    const { code, originalCode, responseCode } = (cause ?? {}) as Readonly<Record<string, unknown>>;
    const codes = [code, originalCode].filter((text) => typeof text === 'string');
    const reply = typeof responseCode === 'number' ? `, reply ${responseCode}` : '';
    super(`${codes.length === 0 ? 'no connection' : codes.join(', ')}${reply}`);
  }
}

/** A connection to the mail server of the configuration. */
export class SmtpConnector {
  private constructor(
    private readonly connection: SMTPConnection,
    private readonly from: MailConfiguration['from'],
  ) {}

  /** @throws SmtpFailure */
  static async open({ host, port, isTls, needsTls, login, from }: MailConfiguration): Promise<SmtpConnector> {
    const connection = new SMTPConnection({
      host,
      port,
      secure: isTls,
      requireTLS: needsTls && !isTls,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      dnsTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      // Nothing of the conversation is logged: it has addresses and the login.
      logger: false,
    });
    // An error without a listener would end the process.
    connection.on('error', () => undefined);
    const connector = new SmtpConnector(connection, from);
    try {
      await connector.#step((done) => connection.connect((error) => done(error)));
      if (login !== null) {
        await connector.#step((done) => connection.login({ user: login.user, pass: login.password }, done));
      }
      return connector;
    } catch (error) {
      connection.close();
      throw new SmtpFailure(error);
    }
  }

  async send(letter: Letter): Promise<SendResult> {
    const message = await compose(letter, this.from);
    let isHandedOver = false;
    // Read only once the server has said that it wants the content.
    const content = new Readable({
      read() {
        isHandedOver = true;
        this.push(message);
        this.push(null);
      },
    });
    const envelope = { from: this.from.address, to: [letter.to], size: message.length };
    try {
      await this.#step((done) => this.connection.send(envelope, content, done));
      return 'sent';
    } catch (error) {
      const result = resultOf(error, isHandedOver);
      if (result === 'broken' || result === 'unknown') return result;
      // The next mail of this connection begins anew.
      const isReset = await this.#step((done) => this.connection.reset(done)).then(
        () => true,
        () => false,
      );
      return isReset || result === 'refused' ? result : 'broken';
    }
  }

  close(): void {
    this.connection.quit();
    // The answer to QUIT changes nothing.
    this.connection.close();
  }

  /** Ends the connection where a step takes too long. The library tells some steps nothing of its end. */
  #step<Result>(start: (done: (error?: Error | null, result?: Result) => void) => void): Promise<Result | undefined> {
    const { connection } = this;
    return new Promise<Result | undefined>((resolve, reject) => {
      const fail = (error: Error): void => settle(error);
      const end = (): void => settle(Object.assign(new Error('The connection has ended.'), { code: 'ECONNECTION' }));
      const timer = setTimeout(() => {
        connection.close();
        settle(Object.assign(new Error('The server is too slow.'), { code: 'ETIMEDOUT' }));
      }, STEP_TIMEOUT_MS);
      const settle = (error?: Error | null, result?: Result): void => {
        clearTimeout(timer);
        connection.off('error', fail);
        connection.off('end', end);
        if (error === null || error === undefined) resolve(result);
        else reject(error);
      };
      connection.on('error', fail);
      connection.on('end', end);
      start(settle);
    });
  }
}

/** A reply of the server says for certain that it has not taken the mail. */
function resultOf(error: unknown, isHandedOver: boolean): SendResult {
  const { responseCode, command, code } = error as {
    readonly responseCode?: number;
    readonly command?: string;
    readonly code?: string;
  };
  // Our own check of the address, or the server knows no such addresses.
  if (code === 'EENVELOPE' && command === 'API') return 'refused';
  if (responseCode === undefined) return isHandedOver ? 'unknown' : 'broken';
  // The server goes away. It may have stored the content before it knew.
  if (responseCode === 421) return isHandedOver ? 'unknown' : 'broken';
  // The sender is in question: no mail will do better now.
  if (command === 'MAIL FROM') return 'broken';
  return responseCode >= 500 ? 'refused' : 'deferred';
}

function compose({ to, subject, text, sentAtMs }: Letter, from: MailConfiguration['from']): Promise<Buffer> {
  return new MailComposer({
    from,
    to: { name: '', address: to },
    subject,
    text,
    date: new Date(sentAtMs),
    messageId: `<${randomUUID()}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    // RFC 3834: no automatic answers.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
}
