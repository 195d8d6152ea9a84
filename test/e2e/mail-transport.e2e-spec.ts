import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AuditShipper } from '../../src/audit/audit-shipper.js';
import { ReminderJob } from '../../src/reminders/reminder.job.js';
import { createApiClient, type ApiClient } from '../support/api.client.js';
import { certificateMaker, type CertificateMaker, type CertificateWithKey } from '../support/certificates.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startMailServer, type MailServer, type MailServerOptions } from '../support/mail.server.js';
import { startScopegateFixture } from '../support/scopegate.fixture.js';
import { createSecrets, startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

/** This machine, as Scopegate treats any other: without TLS, it would send the password there in the clear. */
const FAR_HOST = '[::ffff:127.0.0.1]';
const RIGHT_NAMES = 'IP:::ffff:127.0.0.1';

const LOGIN = { user: 'gate-of-the-company', password: 'a/Secret%of@Mail' };
const LOGIN_IN_URL = `${LOGIN.user}:${encodeURIComponent(LOGIN.password)}`;

/** Everything that would give the login away, also in another writing. */
const TELLTALES = [
  LOGIN.user,
  LOGIN.password,
  encodeURIComponent(LOGIN.password),
  Buffer.from(LOGIN.password).toString('base64'),
  Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString('base64'),
];

/** The lease of a killed process alone lasts a minute. */
const LONG_MS = 180_000;
const TIMEOUT = { timeout: 2 * LONG_MS };

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startMail(options: MailServerOptions): Promise<MailServer> {
  const server = await startMailServer(options);
  cleanUps.push(() => server.stop());
  return server;
}

function temporaryFolder(name: string): string {
  const folder = createTemporaryFolder(name);
  cleanUps.push(() => folder.remove());
  return folder.path;
}

async function startGateway(env: Readonly<Record<string, string>>, dataFolder?: string): Promise<ScopegateProcess> {
  const gateway = await startScopegate({ env, ...(dataFolder === undefined ? {} : { dataFolder }) });
  cleanUps.push(() => gateway.stop());
  return gateway;
}

const adminOf = ({ url, adminPassword }: ScopegateProcess): ApiClient =>
  createApiClient(url, { user: 'admin', password: adminPassword });

/** Uses a token from two addresses: a mail is due then, without waiting for days. */
async function makeMailDue(api: ApiClient, description: string): Promise<void> {
  const made = await api.post<{ id: string; secret: string }>('/tokens', { scope: 'read-only', description });
  expect(made.status).toBe(201);
  for (const address of ['192.0.2.1', '198.51.100.7']) {
    const used = await api.get('/tokens/self', {
      credential: { bearer: made.body.secret },
      headers: { 'X-Forwarded-For': address },
    });
    expect(used.status).toBe(200);
    // A use counts once it is stored: the second address is a new one only after the first.
    const question = `/audit-events?tokenId=${made.body.id}&clientIp=${address}`;
    const isStored = async (): Promise<boolean> =>
      (await api.get<{ items: readonly unknown[] }>(question)).body.items.length > 0;
    await expect.poll(isStored, { timeout: LONG_MS }).toBe(true);
  }
}

async function prepare(api: ApiClient): Promise<void> {
  const answers = [
    await api.patch('/users/admin', { email: 'admin@example.com' }),
    await api.patch('/settings', { reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
}

async function figure({ url }: ScopegateProcess, line: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? Number.NaN);
}

/** Everything that a reader of the log, the figures and the events gets. */
async function allThatIsTold(gateway: ScopegateProcess): Promise<string> {
  const events = await adminOf(gateway).get('/audit-events?limit=200');
  return [gateway.output(), await (await fetch(`${gateway.url}/metrics`)).text(), JSON.stringify(events.body)].join(
    '\n',
  );
}

type Transport = 'smtp' | 'smtps';

async function mailThrough(
  transport: Transport,
  tls: (make: CertificateMaker, authority: CertificateWithKey) => CertificateWithKey | null,
): Promise<{ readonly mail: MailServer; readonly gateway: ScopegateProcess }> {
  const folder = temporaryFolder('mail-transport');
  const make = certificateMaker(folder);
  const authority = make.authority('Mail of the company');
  const certificate = tls(make, authority);
  const mail = await startMail({
    login: LOGIN,
    ...(certificate === null ? {} : { tls: { ...certificate, fromTheStart: transport === 'smtps' } }),
  });
  const authorityFile = join(folder, 'authority.pem');
  writeFileSync(authorityFile, authority.cert);
  const gateway = await startGateway({
    SCOPEGATE_SMTP_URL: `${transport}://${LOGIN_IN_URL}@${FAR_HOST}:${mail.port}`,
    SCOPEGATE_MAIL_FROM: 'gate@example.com',
    NODE_EXTRA_CA_CERTS: authorityFile,
  });
  const api = adminOf(gateway);
  await prepare(api);
  await makeMailDue(api, 'laptop');
  return { mail, gateway };
}

describe('mails through TLS, from a process that runs', TIMEOUT, () => {
  it.each<Transport>(['smtp', 'smtps'])(
    'R61, R98: %s with a certificate of an authority of the own: the login and the mail go through TLS',
    async (transport) => {
      const { mail, gateway } = await mailThrough(transport, (make, authority) =>
        make.certificate(authority, RIGHT_NAMES),
      );
      await expect.poll(() => mail.mails.length, { timeout: LONG_MS }).toBe(1);
      expect(mail.mails[0]).toMatchObject({ isSecure: true, recipients: ['admin@example.com'] });
      expect(mail.logins).toEqual([LOGIN.user]);
      await expect.poll(() => figure(gateway, 'scopegate_mails_total{result="sent"}'), { timeout: LONG_MS }).toBe(1);
      const told = await allThatIsTold(gateway);
      for (const telltale of TELLTALES) expect(told).not.toContain(telltale);
    },
  );

  it.each<[string, Transport, string, Parameters<typeof mailThrough>[1]]>([
    ['smtps, a certificate of another host', 'smtps', 'ERR_TLS_CERT_ALTNAME_INVALID', anotherHost],
    ['smtp, a certificate of another host', 'smtp', 'ERR_TLS_CERT_ALTNAME_INVALID', anotherHost],
    ['smtps, an authority that nobody knows', 'smtps', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', unknownAuthority],
    ['smtp, an expired certificate', 'smtp', 'CERT_HAS_EXPIRED', expired],
    ['smtp, no STARTTLS, as if somebody had cut it out', 'smtp', 'ETLS', () => null],
    ['smtps, a server that speaks in the clear', 'smtps', 'ESOCKET', () => null],
  ])('R61, R98: %s: neither login nor mail, and the log says why', async (_title, transport, cause, tls) => {
    const { mail, gateway } = await mailThrough(transport, tls);
    await expect.poll(() => figure(gateway, 'scopegate_mail_failing'), { timeout: LONG_MS }).toBe(1);
    expect([...mail.logins, ...mail.mails]).toEqual([]);
    expect(await figure(gateway, 'scopegate_mails_waiting')).toBe(1);
    const told = await allThatIsTold(gateway);
    expect(told).toContain(cause);
    for (const telltale of TELLTALES) expect(told).not.toContain(telltale);
  });
});

describe('a process that is killed while it sends', TIMEOUT, () => {
  it.each([
    ['after the mark, before the content', 'recipient', 0],
    ['after the content, before the answer', 'content', 1],
  ] as const)('R98: %s: the mail comes at most once, and the next one comes', async (_title, place, received) => {
    let isHolding = true;
    let isReached = false;
    const hold = async (): Promise<void> => {
      if (!isHolding) return;
      isReached = true;
      await new Promise<void>((resolve) => cleanUps.push(resolve));
    };
    const mail = await startMail(place === 'recipient' ? { beforeRecipient: hold } : { beforeAnswer: hold });
    const env = {
      SCOPEGATE_SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      SCOPEGATE_MAIL_FROM: 'gate@example.com',
      SCOPEGATE_ADMIN_PASSWORD: 'a password of the tests',
    };
    const dataFolder = join(temporaryFolder('mail-killed'), 'data');
    const first = await startGateway(env, dataFolder);
    await prepare(adminOf(first));
    await makeMailDue(adminOf(first), 'the killed one');
    await expect.poll(() => isReached, { timeout: LONG_MS }).toBe(true);
    await first.kill9();
    isHolding = false;
    const second = await startGateway(env, dataFolder);
    await makeMailDue(adminOf(second), 'the next one');
    // The older mail would have gone first.
    await expect.poll(() => figure(second, 'scopegate_mails_total{result="sent"}'), { timeout: LONG_MS }).toBe(1);
    const subjects = mail.mails.map(({ lines }) => lines.find(([name]) => name === 'subject')?.[1]);
    expect(subjects.filter((subject) => subject?.endsWith('the killed one'))).toHaveLength(received);
    expect(subjects.filter((subject) => subject?.endsWith('the next one'))).toHaveLength(1);
    // It waits for its end, and is counted as unknown then.
    expect(await figure(second, 'scopegate_mails_waiting')).toBe(1);
  });
});

describeWithMariaDb('a token at two nodes on one MariaDB', (mariaDb) => {
  it('R98: a first use from a new address is one event and one mail, also where both nodes see it at once', async () => {
    const mail = await startMail({});
    const env = {
      ...createSecrets(),
      SCOPEGATE_SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      SCOPEGATE_MAIL_FROM: 'gate@example.com',
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: 'a password of the tests',
    };
    const nodes = [await startScopegateFixture({ env }), await startScopegateFixture({ env })] as const;
    for (const node of nodes) cleanUps.push(() => node.stop());
    const [one] = nodes;
    await prepare(one.admin);
    // The other node learns of the setting within a second.
    for (const [index, node] of nodes.entries()) {
      const address = `203.0.113.${index + 1}`;
      const isAttributed = async (): Promise<boolean> => {
        await node.admin.get('/me', { headers: { 'X-Forwarded-For': address } });
        return (await node.events({ clientIp: address })).length > 0;
      };
      await expect.poll(isAttributed, { timeout: LONG_MS }).toBe(true);
    }
    const { secret } = await one.createToken({ scope: 'read-only', description: 'laptop' });
    const useEverywhere = async (address: string): Promise<void> => {
      const headers = { 'X-Forwarded-For': address };
      const use = async ({ admin }: (typeof nodes)[number]): Promise<void> => {
        const answer = await admin.get('/tokens/self', { credential: { bearer: secret }, headers });
        expect(answer.status).toBe(200);
      };
      await Promise.all(nodes.map(use));
      await Promise.all(nodes.map((node) => node.provider(AuditShipper).flush()));
    };
    // The first use of all is none from a new address.
    await useEverywhere('192.0.2.1');
    for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.3']) {
      await useEverywhere(address);
      await useEverywhere(address);
    }
    const events = await one.events({ type: 'token.used-from-new-address' });
    const addresses = events.map(({ clientIp }) => clientIp);
    expect(addresses.toSorted()).toEqual(['198.51.100.1', '198.51.100.2', '198.51.100.3']);
    await Promise.all(nodes.map((node) => node.provider(ReminderJob).runOnce()));
    await expect.poll(() => mail.mails.length, { timeout: LONG_MS }).toBe(3);
    await Promise.all(nodes.map((node) => node.provider(ReminderJob).runOnce()));
    for (const address of addresses) {
      const mails = mail.mails.filter(({ text }) => text.includes(`used from ${address} `));
      expect([address, mails.length]).toEqual([address, 1]);
    }
  });
});

function anotherHost(make: CertificateMaker, authority: CertificateWithKey): CertificateWithKey {
  return make.certificate(authority, 'DNS:mail.example.com');
}

function unknownAuthority(make: CertificateMaker): CertificateWithKey {
  return make.certificate(make.authority('Mail of somebody else'), RIGHT_NAMES);
}

function expired(make: CertificateMaker, authority: CertificateWithKey): CertificateWithKey {
  return make.certificate(authority, RIGHT_NAMES, -1);
}
