import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditShipper } from '../../src/audit/audit-shipper.js';
import { Clock } from '../../src/common/time/clock.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { DueReminders } from '../../src/reminders/due-reminders.service.js';
import { ReminderJob } from '../../src/reminders/reminder.job.js';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import { startMailServer, type MailServer, type ReceivedMail } from '../support/mail.server.js';
import {
  startScopegateFixture,
  type NewToken,
  type ScopegateFixture,
  type TestEvent,
} from '../support/scopegate.fixture.js';

const DAY_MS = 86_400_000;

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startMail(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const server = await startMailServer(options);
  cleanUps.push(() => server.stop());
  return server;
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<ScopegateFixture> {
  const gateway = await startScopegateFixture({ env });
  cleanUps.push(() => gateway.stop());
  return gateway;
}

function mailEnv({ port }: MailServer): Readonly<Record<string, string>> {
  return { SCOPEGATE_SMTP_URL: `smtp://127.0.0.1:${port}`, SCOPEGATE_MAIL_FROM: 'Scopegate <gate@example.com>' };
}

/** A token that was made a year ago, and ends in so many days. */
async function tokenEndingIn(gateway: ScopegateFixture, days: number, token: Partial<NewToken> = {}): Promise<string> {
  const { id } = await gateway.createToken({ scope: 'read-only', description: 'nightly build', ...token });
  await moveToken(gateway, id, { createdInDays: -365, endsInDays: days });
  return id;
}

async function moveToken(
  gateway: ScopegateFixture,
  id: string,
  { createdInDays, endsInDays }: { readonly createdInDays: number; readonly endsInDays: number },
): Promise<void> {
  const nowMs = gateway.provider(Clock).nowMs();
  await gateway
    .provider(UnitOfWork)
    .run(({ manager }) =>
      manager.update(
        TokenEntity,
        { id },
        { createdAtMs: nowMs + createdInDays * DAY_MS, expiresAtMs: nowMs + Math.round(endsInDays * DAY_MS) },
      ),
    );
  // As a node that starts now: the next look is at all tokens.
  gateway.provider(DueReminders).forget();
}

async function run(gateway: ScopegateFixture): Promise<void> {
  expect(await gateway.provider(ReminderJob).runOnce()).toBe(true);
}

const reminders = (gateway: ScopegateFixture): Promise<readonly TestEvent[]> =>
  gateway.events({ type: 'token.expires-soon' });

const header = (mail: ReceivedMail, name: string): string | undefined =>
  mail.lines.find(([candidate]) => candidate === name)?.[1];

describe('reminders before a token ends', () => {
  it('R98: its owner and its creator get one mail each, which says what ends when and what to do', async () => {
    const mail = await startMail();
    const gateway = await start(mailEnv(mail));
    await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
    const { username } = await gateway.createUser({ username: 'bob', email: 'bob@example.com' });
    const id = await tokenEndingIn(gateway, 6.9, { owner: username });
    await run(gateway);
    await run(gateway);
    expect(mail.mails.flatMap(({ recipients }) => recipients).toSorted()).toEqual([
      'admin@example.com',
      'bob@example.com',
    ]);
    const toOwner = mail.mails.find(({ recipients }) => recipients[0] === 'bob@example.com');
    if (toOwner === undefined) throw new Error('The owner got no mail.');
    expect(toOwner.sender).toBe('gate@example.com');
    expect(header(toOwner, 'from')).toBe('Scopegate <gate@example.com>');
    expect(header(toOwner, 'to')).toBe('bob@example.com');
    expect(header(toOwner, 'subject')).toBe('Scopegate: your token ends in 7 days: nightly build');
    expect(header(toOwner, 'auto-submitted')).toBe('auto-generated');
    expect(toOwner.text).toContain('Your token "nightly build" ends in 7 days, on 20');
    expect(toOwner.text).toContain(`POST /api/v1/tokens/${id}/rotate`);
    expect(toOwner.text).toContain('admin got one, too.');
    const toCreator = mail.mails.find(({ recipients }) => recipients[0] === 'admin@example.com');
    expect(toCreator?.text).toContain('The token "nightly build" of bob ends in 7 days');
    const [event, ...more] = await reminders(gateway);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ tokenId: id, owner: 'bob', actor: 'system', outcome: 'changed' });
    expect(event?.detail).toMatchObject({ days: 7, mailTo: ['bob', 'admin'] });
  });

  it('R98: an owner who made the token gets one mail; whoever has no address gets none, and the event is there', async () => {
    const mail = await startMail();
    const gateway = await start(mailEnv(mail));
    await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
    await tokenEndingIn(gateway, 20);
    const { username } = await gateway.createUser({ username: 'bob' });
    await gateway.admin.patch('/users/admin', { email: null });
    await tokenEndingIn(gateway, 0.5, { owner: username });
    await run(gateway);
    expect(mail.mails).toEqual([]);
    const details = (await reminders(gateway)).map(({ detail }) => detail as { days: number; mailTo: unknown });
    expect(details.map(({ days }) => days).toSorted()).toEqual([1, 30]);
    expect(details.map(({ mailTo }) => mailTo)).toEqual([[], []]);
    await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
    await tokenEndingIn(gateway, 6);
    await run(gateway);
    expect(mail.mails.map(({ recipients }) => recipients)).toEqual([['admin@example.com']]);
  });

  it('R98: none comes twice, over all thresholds, a restart, and changed settings', async () => {
    const mail = await startMail();
    const gateway = await start(mailEnv(mail));
    await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
    const id = await tokenEndingIn(gateway, 25);
    const told = async (): Promise<readonly unknown[]> => {
      await run(gateway);
      await run(gateway);
      const days = (await reminders(gateway)).map(({ detail }) => (detail as { days: number }).days).toReversed();
      expect(mail.mails).toHaveLength(days.length);
      return days;
    };
    expect(await told()).toEqual([30]);
    await moveToken(gateway, id, { createdInDays: -365, endsInDays: 5 });
    expect(await told()).toEqual([30, 7]);
    await gateway.patchSettings({ reminders: { days: [30, 8, 7] } });
    expect(await told()).toEqual([30, 7]);
    await moveToken(gateway, id, { createdInDays: -365, endsInDays: 0.9 });
    await gateway.patchSettings({ reminders: { days: [1] } });
    expect(await told()).toEqual([30, 7, 1]);
    await moveToken(gateway, id, { createdInDays: -365, endsInDays: -0.1 });
    expect(await told()).toEqual([30, 7, 1]);
  });

  it('R98: none for a token that is revoked, replaced, suspended, new, or of a user who has left', async () => {
    const mail = await startMail();
    const gateway = await start(mailEnv(mail));
    await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
    const { username: left } = await gateway.createUser({ email: 'left@example.com' });
    const { username: suspended } = await gateway.createUser({ email: 'suspended@example.com' });
    await gateway.revokeToken(await tokenEndingIn(gateway, 5));
    await tokenEndingIn(gateway, 5, { owner: left });
    await tokenEndingIn(gateway, 5, { owner: suspended });
    const replaced = await tokenEndingIn(gateway, 5);
    expect((await gateway.admin.post(`/tokens/${replaced}/rotate`, { overlap: 'PT48H', validity: 'P3M' })).status).toBe(
      201,
    );
    await gateway.createToken({ scope: 'read-only' });
    const { id: made } = await gateway.createToken({ scope: 'read-only' });
    await moveToken(gateway, made, { createdInDays: -1, endsInDays: 5 });
    await gateway.admin.patch(`/users/${left}`, { active: false });
    await gateway.patchPermissions({ useTokens: { everyone: false, groups: ['administrators'] } });
    await run(gateway);
    expect(await reminders(gateway)).toEqual([]);
    expect(mail.mails).toEqual([]);
    await gateway.patchPermissions({ useTokens: { everyone: true } });
    // The look at all tokens finds who may use tokens again.
    await moveToken(gateway, made, { createdInDays: -1, endsInDays: 5 });
    await run(gateway);
    expect(mail.mails.map(({ recipients }) => recipients[0]).toSorted()).toEqual([
      'admin@example.com',
      'suspended@example.com',
    ]);
  });

  it('R32, R98: the maximum that counts at use ends tokens without an end of their own, too', async () => {
    const gateway = await start();
    const { id } = await gateway.createToken({ scope: 'read-only', validity: 'never' });
    const nowMs = gateway.provider(Clock).nowMs();
    await gateway
      .provider(UnitOfWork)
      .run(({ manager }) => manager.update(TokenEntity, { id }, { createdAtMs: nowMs - 170 * DAY_MS }));
    await run(gateway);
    expect(await reminders(gateway)).toEqual([]);
    await gateway.patchSettings({ tokenValidity: { maximum: 'P6M', applyAtUse: true } });
    await run(gateway);
    expect(await reminders(gateway)).toEqual([expect.objectContaining({ tokenId: id })]);
  });

  it('R98: without a mail server, the events are made, and the settings warn once that matters', async () => {
    const gateway = await start();
    await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
    const warnings = async (): Promise<readonly string[]> => {
      const answer = await gateway.admin.get<{ warnings: readonly { code: string }[] }>('/settings');
      return answer.body.warnings.map(({ code }) => code);
    };
    await run(gateway);
    expect(await warnings()).toEqual([]);
    await tokenEndingIn(gateway, 5);
    await run(gateway);
    expect(await reminders(gateway)).toHaveLength(1);
    expect(await warnings()).toEqual(['reminders_not_mailed']);
    await gateway.patchSettings({ reminders: { mail: false } });
    expect(await warnings()).toEqual([]);
  });

  it('R98: the job runs by itself', async () => {
    const mail = await startMail();
    const gateway = await start(mailEnv(mail));
    await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
    await tokenEndingIn(gateway, 1);
    await expect.poll(() => mail.mails.length, { timeout: 60_000 }).toBe(1);
  });
});

describe('a first use from a new address', () => {
  let mail: MailServer;
  let gateway: ScopegateFixture;
  let id: string;
  let secret: string;

  beforeEach(async () => {
    mail = await startMail();
    gateway = await start(mailEnv(mail));
    await gateway.admin.patch('/users/admin', { email: 'admin@example.com' });
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    ({ id, secret } = await gateway.createToken({ scope: 'read-only', description: 'laptop' }));
  });

  const use = async (address: string): Promise<void> => {
    const answer = await fetch(`${gateway.managementUrl}/api/v1/tokens/self`, {
      headers: { Authorization: `Bearer ${secret}`, 'X-Forwarded-For': address },
    });
    expect(answer.status).toBe(200);
    await gateway.provider(AuditShipper).flush();
  };

  it('R98: is an event once for each token and address, and no first use of all; with mails, it is mailed', async () => {
    const found = (): Promise<readonly TestEvent[]> => gateway.events({ type: 'token.used-from-new-address' });
    await use('192.0.2.1');
    await use('192.0.2.1');
    expect(await found()).toEqual([]);
    await use('198.51.100.7');
    await use('198.51.100.7');
    await use('192.0.2.1');
    expect(await found()).toEqual([
      expect.objectContaining({ tokenId: id, owner: 'admin', actor: 'admin', clientIp: '198.51.100.7' }),
    ]);
    await use('2001:db8:1:2::1');
    await use('2001:db8:1:2:ffff::9');
    expect((await found()).map(({ detail }) => (detail as { addresses: string }).addresses)).toEqual([
      '2001:db8:1:2::/64',
      '198.51.100.7',
    ]);
    await run(gateway);
    await run(gateway);
    expect(mail.mails.map((one) => header(one, 'subject'))).toEqual([
      'Scopegate: your token was used from a new address: laptop',
      'Scopegate: your token was used from a new address: laptop',
    ]);
    expect(mail.mails[0]?.text).toContain('was used from 198.51.100.7 for the first time');
  });

  it('R98: three are mailed within a day, and the first use of all is none of them', async () => {
    const addresses = Array.from({ length: 5 }, (_, index) => `198.51.100.${index}`);
    for (const address of addresses) await use(address);
    expect((await gateway.events({ type: 'token.used-from-new-address' })).map(({ clientIp }) => clientIp)).toEqual(
      addresses.slice(1).toReversed(),
    );
    await run(gateway);
    expect(mail.mails.map(({ text }) => /was used from (\S+) for/.exec(text)?.[1])).toEqual(addresses.slice(1, 4));
  });
});
