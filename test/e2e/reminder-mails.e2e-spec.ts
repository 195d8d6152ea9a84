import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { DataSource } from 'typeorm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readMail } from '../../src/config/mail-configuration.js';
import { StopState } from '../../src/common/stop/stop-state.js';
import { DatabaseClock } from '../../src/database/database-clock.js';
import { LeaseEntity } from '../../src/database/lease.entity.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { DueReminders } from '../../src/reminders/due-reminders.service.js';
import { MailDelivery } from '../../src/reminders/mail-delivery.service.js';
import { MailEntity } from '../../src/reminders/mail.entity.js';
import { ReminderJob } from '../../src/reminders/reminder.job.js';
import { SmtpConnector } from '../../src/reminders/smtp.connector.js';
import { certificateMaker } from '../support/certificates.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { freePort } from '../support/free-port.js';
import { listen } from '../support/listen.js';
import { startMailServer, type MailServer, type MailServerOptions } from '../support/mail.server.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createSecrets } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const DAY_MS = 86_400_000;

const MINUTE_MS = 60_000;

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startMail(options: MailServerOptions = {}): Promise<MailServer> {
  const server = await startMailServer(options);
  cleanUps.push(() => server.stop());
  return server;
}

function mailEnv(port: number, login = ''): Readonly<Record<string, string>> {
  return { SCOPEGATE_SMTP_URL: `smtp://${login}127.0.0.1:${port}`, SCOPEGATE_MAIL_FROM: 'gate@example.com' };
}

async function start(env: Readonly<Record<string, string>>): Promise<ScopegateFixture> {
  const gateway = await startScopegateFixture({ env });
  cleanUps.push(() => gateway.stop());
  return gateway;
}

/** Tokens that were made a year ago and end in five days. */
/** In its turn: beside a transaction of SQLite's one connection, it would be rolled back with it. */
function write(gateway: ScopegateFixture, statement: string, values: readonly string[] = []): Promise<unknown> {
  return gateway.provider(UnitOfWork).run(({ manager }) => manager.query(statement, [...values]));
}

async function makeEnding(gateway: ScopegateFixture, descriptions: readonly string[], owner?: string): Promise<void> {
  for (const description of descriptions) {
    await gateway.createToken({ scope: 'read-only', description, ...(owner === undefined ? {} : { owner }) });
  }
  const nowMs = Date.now();
  await write(
    gateway,
    `UPDATE tokens SET created_at_ms = ${nowMs - 365 * DAY_MS}, expires_at_ms = ${nowMs + 5 * DAY_MS}`,
  );
  gateway.provider(DueReminders).forget();
}

async function startWithToken(env: Readonly<Record<string, string>>, description = 'build'): Promise<ScopegateFixture> {
  const gateway = await start(env);
  await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
  await makeEnding(gateway, [description]);
  return gateway;
}

const run = (gateway: ScopegateFixture): Promise<boolean> => gateway.provider(ReminderJob).runOnce();

async function figure(gateway: ScopegateFixture, line: string): Promise<number> {
  const text = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? Number.NaN);
}

const total = (gateway: ScopegateFixture, result: string): Promise<number> =>
  figure(gateway, `scopegate_mails_total{result="${result}"}`);

describe('the mail of a reminder', () => {
  it.each([
    'a\r\nBcc: victim@example.com\r\n\r\nHello',
    'a\nBcc: victim@example.com',
    '=?utf-8?Q?=0D=0ABcc:_victim@example.com?=',
    `${'ü'.repeat(200)}🔑`,
    '.\r\nMAIL FROM:<x@example.com>',
    'file:///etc/passwd {{owner}} <b>bold</b>',
  ])('R98: a description of %j adds no line to the head and nobody to the envelope', async (description) => {
    const mail = await startMail();
    const gateway = await startWithToken(mailEnv(mail.port));
    // Past the checks of the API, as an older version or another program could have stored it.
    await write(gateway, 'UPDATE tokens SET description = ?', [description]);
    await run(gateway);
    expect(mail.mails.map(({ recipients }) => recipients)).toEqual([['admin@example.com']]);
    const names = mail.mails[0]?.lines.map(([name]) => name) ?? [];
    expect(names.toSorted()).toEqual([
      'auto-submitted',
      'content-transfer-encoding',
      'content-type',
      'date',
      'from',
      'message-id',
      'mime-version',
      'subject',
      'to',
      'x-auto-response-suppress',
    ]);
    expect(mail.mails[0]?.raw.split('\r\n').every((line) => line.length <= 998)).toBe(true);
  });

  it.each(['a@example.com\r\nBcc: x@example.com', 'a@example.com, b@example.com', '<a@example.com>', 'a', ''])(
    'R98: a stored address of %j gets nothing',
    async (email) => {
      const mail = await startMail();
      const gateway = await startWithToken(mailEnv(mail.port));
      await write(gateway, 'UPDATE users SET email = ?', [email]);
      await run(gateway);
      expect(mail.connections()).toBe(0);
      expect(await gateway.events({ type: 'token.expires-soon' })).toHaveLength(1);
    },
  );

  it('R98: the server is away, and comes back: the mails that waited arrive once', async () => {
    const port = await freePort();
    const gateway = await startWithToken(mailEnv(port));
    await run(gateway);
    expect(await figure(gateway, 'scopegate_mail_failing')).toBe(1);
    expect(await figure(gateway, 'scopegate_mails_waiting')).toBe(1);
    const mail = await startMail({ port });
    await expect.poll(() => mail.mails.length, { timeout: 60_000 }).toBe(1);
    await run(gateway);
    expect(mail.mails).toHaveLength(1);
    expect(await figure(gateway, 'scopegate_mail_failing')).toBe(0);
    expect(await figure(gateway, 'scopegate_mails_waiting')).toBe(0);
    expect(await total(gateway, 'sent')).toBe(1);
  });

  it('R61, R98: a wrong login sends nothing, and is in no error', async () => {
    const mail = await startMail({ login: { user: 'gate', password: 'right' } });
    const configuration = readMail(mailEnv(mail.port, 'gate:a-wrong-one@'));
    if (configuration === null) throw new Error('There is no configuration.');
    const failure = await SmtpConnector.open(configuration).then(() => null, String);
    expect(failure).toBe('SmtpFailure: EAUTH, reply 535');
    const gateway = await startWithToken(mailEnv(mail.port, 'gate:a-wrong-one@'));
    await run(gateway);
    expect(mail.mails).toEqual([]);
    expect(await figure(gateway, 'scopegate_mail_failing')).toBe(1);
    expect(mail.logins).toContain('gate');
  });

  it('R98: the right login sends it', async () => {
    const mail = await startMail({ login: { user: 'gate', password: 'p@ss/%' } });
    const env = { ...mailEnv(mail.port, 'gate:p%40ss%2F%25@'), SCOPEGATE_PUBLIC_URL: 'https://gate.example.com' };
    const gateway = await startWithToken(env);
    await run(gateway);
    expect(mail.mails.map(({ text }) => text)).toEqual([expect.stringContaining('https://gate.example.com/console')]);
  });

  it('R98: a login waits for TLS: a server without it, or with a certificate of nobody, gets neither login nor mail', async () => {
    const folder = createTemporaryFolder('mail-tls');
    cleanUps.push(() => folder.remove());
    const { cert, key } = certificateMaker(folder.path).certificate(null, 'IP:127.0.0.1');
    const plain = await startMail({ login: { user: 'gate', password: 'right' } });
    const upgrading = await startMail({
      login: { user: 'gate', password: 'right' },
      tls: { cert, key, fromTheStart: false },
    });
    for (const { port, logins, mails } of [plain, upgrading]) {
      const configuration = readMail(mailEnv(port, 'gate:right@'));
      if (configuration === null) throw new Error('There is no configuration.');
      // As for a server that is not on this machine.
      await expect(SmtpConnector.open({ ...configuration, needsTls: true })).rejects.toThrow(
        /^(?:ETLS|ESOCKET, DEPTH_ZERO_SELF_SIGNED_CERT)/,
      );
      expect([...logins, ...mails]).toEqual([]);
    }
  });

  it('R98: one that the server refuses for good is given up, one that it defers is tried again, and the others go out', async () => {
    let isDeferring = true;
    const mail = await startMail({
      refuse: (recipient) => {
        if (recipient.startsWith('gone')) return { code: 550, text: `5.1.1 no ${recipient}` };
        return recipient.startsWith('later') && isDeferring ? { code: 451, text: '4.3.0 later' } : null;
      },
    });
    const gateway = await start(mailEnv(mail.port));
    for (const name of ['gone', 'later', 'fine']) {
      await gateway.createUser({ username: name, email: `${name}@example.com` });
      await makeEnding(gateway, [name], name);
    }
    await run(gateway);
    expect(mail.mails.map(({ recipients }) => recipients[0])).toEqual(['fine@example.com']);
    expect(await total(gateway, 'refused')).toBe(1);
    expect(await figure(gateway, 'scopegate_mails_waiting')).toBe(1);
    isDeferring = false;
    // Its time has come.
    await write(gateway, 'UPDATE mails SET next_at_ms = 0');
    await run(gateway);
    await run(gateway);
    expect(mail.mails.map(({ recipients }) => recipients[0])).toEqual(['fine@example.com', 'later@example.com']);
  });

  it.each(['cut', 'stop'] as const)(
    'R98: a connection that breaks after the content and before the answer sends nothing twice: %s',
    async (end) => {
      const mail: MailServer = await startMail({ beforeAnswer: async () => mail[end]() });
      const gateway = await startWithToken(mailEnv(mail.port));
      await run(gateway);
      expect(mail.mails).toHaveLength(1);
      expect(await total(gateway, 'unknown')).toBe(1);
      expect(await total(gateway, 'sent')).toBe(0);
      expect(await gateway.provider(DataSource).query('SELECT * FROM mails')).toEqual([]);
    },
  );

  it('R98: a process that died while it sent leaves a mail that nobody sends again', async () => {
    const port = await freePort();
    const gateway = await startWithToken(mailEnv(port));
    await run(gateway);
    await write(gateway, 'UPDATE mails SET sending_at_ms = 1, next_at_ms = 0');
    const mail = await startMail({ port });
    await run(gateway);
    expect(mail.mails).toEqual([]);
    expect(await total(gateway, 'unknown')).toBe(1);
  });

  it('R98: a slow server makes no mail look like one of a process that died: one that it defers is not lost', async () => {
    let lateMs = 0;
    let mails = 0;
    const mail = await startMail({
      refuse: () => {
        mails += 1;
        return mails === 2 ? { code: 451, text: '4.3.0 later' } : null;
      },
      beforeRecipient: async () => {
        if (mails === 1) {
          lateMs = 11 * MINUTE_MS;
          return;
        }
        // Another node looks meanwhile.
        await gateway.provider(MailDelivery).sendDue(() => Promise.resolve(false));
      },
    });
    const gateway = await startWithToken(mailEnv(mail.port), 'first');
    await makeEnding(gateway, ['second']);
    const clock = gateway.provider(DatabaseClock);
    const readMs = clock.readMs.bind(clock);
    vi.spyOn(clock, 'readMs').mockImplementation(async () => (await readMs()) + lateMs);
    await run(gateway);
    expect(mails).toBe(2);
    expect(await total(gateway, 'sent')).toBe(1);
    expect(await total(gateway, 'unknown')).toBe(0);
    const rows = await gateway.provider(DataSource).manager.find(MailEntity);
    expect(rows).toEqual([expect.objectContaining({ sendingAtMs: null, attempts: 1 })]);
    // The pause is one from now, not from the beginning of the run.
    expect(rows[0]?.nextAtMs).toBeGreaterThan((await readMs()) + 11 * MINUTE_MS);
  });

  it('R98: keeps the lease while a slow server holds one mail', async () => {
    const expiry = async (): Promise<number> =>
      (await gateway.provider(DataSource).manager.findOneByOrFail(LeaseEntity, { name: 'reminders' })).expiresAtMs;
    const mail = await startMail({
      beforeAnswer: async () => {
        const before = await expiry();
        await expect.poll(expiry, { timeout: 60_000 }).toBeGreaterThan(before);
      },
    });
    const gateway = await startWithToken(mailEnv(mail.port));
    await run(gateway);
    expect(await total(gateway, 'sent')).toBe(1);
  });

  it('R79, R98: begins no mail once the server stops, and finishes the one that is under way', async () => {
    const mail = await startMail({
      beforeRecipient: () => Promise.resolve(gateway.provider(StopState).begin()),
    });
    const gateway = await startWithToken(mailEnv(mail.port), 'first');
    await makeEnding(gateway, ['second']);
    expect(await run(gateway)).toBe(true);
    expect(await total(gateway, 'sent')).toBe(1);
    expect(await run(gateway)).toBe(false);
    expect(mail.mails).toHaveLength(1);
    const rows = await gateway.provider(DataSource).manager.find(MailEntity);
    expect(rows).toEqual([expect.objectContaining({ sendingAtMs: null, attempts: 0 })]);
  });

  it('R98: what is rotated, revoked or over before the server is back is not mailed', async () => {
    const port = await freePort();
    const gateway = await startWithToken(mailEnv(port));
    await run(gateway);
    const [token] = (await gateway.admin.get<{ items: readonly { id: string }[] }>('/tokens')).body.items;
    await gateway.admin.post(`/tokens/${String(token?.id)}/rotate`, { overlap: 'PT24H', validity: 'P3M' });
    const mail = await startMail({ port });
    const dropped = async (): Promise<number> => {
      await run(gateway);
      return total(gateway, 'dropped');
    };
    await expect.poll(dropped, { timeout: 60_000 }).toBe(1);
    expect(mail.connections()).toBe(0);
  });
});

describe('the webhook of a reminder', () => {
  it('R98: gets the event once, signed', async () => {
    const secret = 'a secret of thirty-two characters';
    const bodies: { readonly body: string; readonly signature: string }[] = [];
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const signature = String(request.headers['x-scopegate-signature']);
        bodies.push({ body: Buffer.concat(chunks).toString('utf8'), signature });
        response.writeHead(204).end();
      });
    });
    const port = await listen(receiver);
    cleanUps.push(() => receiver.close());
    const gateway = await startWithToken({
      SCOPEGATE_AUDIT_WEBHOOK: `http://127.0.0.1:${port}/hook`,
      SCOPEGATE_AUDIT_WEBHOOK_SECRET: secret,
    });
    const reminders = (): readonly { readonly id: string; readonly detail: object }[] =>
      bodies
        .flatMap(({ body }) => body.trim().split('\n'))
        .map((line) => JSON.parse(line) as { type: string; id: string; detail: object })
        .filter(({ type }) => type === 'token.expires-soon');
    await run(gateway);
    await expect.poll(() => reminders().length, { timeout: 30_000 }).toBe(1);
    await run(gateway);
    const [event] = await gateway.events({ type: 'token.expires-soon' });
    await gateway.stop();
    expect(reminders()).toEqual([expect.objectContaining({ id: event?.id, detail: event?.detail })]);
    for (const { body, signature } of bodies) {
      const [, seconds = '', code] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
      expect(code).toBe(createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'));
    }
  });
});

describeWithMariaDb('reminders of two nodes on one MariaDB', (mariaDb) => {
  it('R98: each is made and mailed once, also where both nodes work at the same time', async () => {
    const mail = await startMail();
    const env = {
      ...createSecrets(),
      ...mailEnv(mail.port),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: 'a password of the tests',
    };
    const one = await start(env);
    const other = await start(env);
    await one.admin.patch('/users/admin', { email: 'admin@example.com' });
    const { username } = await one.createUser({ email: 'bob@example.com' });
    const descriptions = Array.from({ length: 12 }, (_, index) => `token ${index}`);
    await makeEnding(one, descriptions, username);
    // Past the lease, which only saves work: a paused node may go on after its end.
    const always = (): Promise<boolean> => Promise.resolve(true);
    await Promise.all([one, other].map((node) => node.provider(DueReminders).make(always)));
    await Promise.all([one, other].map((node) => node.provider(MailDelivery).sendDue(always)));
    await Promise.all([one, other].map(run));
    await expect.poll(() => mail.mails.length, { timeout: 60_000 }).toBe(24);
    await Promise.all([one, other].map(run));
    const sent = mail.mails.map(({ recipients, lines }) => {
      const subject = lines.find(([name]) => name === 'subject')?.[1].replace(/.*: /, '');
      return `${String(recipients[0])} ${String(subject)}`;
    });
    const expected = ['admin@example.com', 'bob@example.com'].flatMap((to) =>
      descriptions.map((text) => `${to} ${text}`),
    );
    expect(sent.toSorted()).toEqual(expected.toSorted());
    expect(await one.events({ type: 'token.expires-soon' })).toHaveLength(12);
  });
});
