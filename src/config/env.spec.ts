import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfiguration } from './env.js';
import { ConfigurationError } from './environment.reader.js';

const SECRET = 'a-secret-of-at-least-32-characters';
const OTHER = 'another-secret-of-at-least-32-characters';

describe('where audit events are sent', () => {
  it('R58: is only in the database by default', () => {
    expect(readConfiguration({}).auditStreams).toEqual({ stdout: false, file: null, syslog: null, webhook: null });
  });

  it('R58: is what is named', () => {
    const file = join(import.meta.dirname, 'audit.log');
    expect(
      readConfiguration({
        SCOPEGATE_AUDIT_STDOUT: 'true',
        SCOPEGATE_AUDIT_FILE: file,
        SCOPEGATE_AUDIT_SYSLOG: 'tcp://[::1]:601',
        SCOPEGATE_AUDIT_WEBHOOK: 'https://host.example/hook?key=1',
        SCOPEGATE_AUDIT_WEBHOOK_SECRET: SECRET,
      }).auditStreams,
    ).toEqual({
      stdout: true,
      file,
      syslog: { protocol: 'tcp', host: '::1', port: 601 },
      webhook: { url: 'https://host.example/hook?key=1', secret: SECRET },
    });
    expect(readConfiguration({ SCOPEGATE_AUDIT_SYSLOG: 'udp://logs.example:514/' }).auditStreams.syslog).toEqual({
      protocol: 'udp',
      host: 'logs.example',
      port: 514,
    });
  });

  it.each([
    ['SCOPEGATE_AUDIT_STDOUT', 'yes'],
    ['SCOPEGATE_AUDIT_FILE', '/nowhere/at/all/audit.log'],
    ['SCOPEGATE_AUDIT_FILE', import.meta.dirname],
    ['SCOPEGATE_AUDIT_FILE', join(import.meta.dirname, 'folder/')],
    ['SCOPEGATE_AUDIT_SYSLOG', 'logs.example:514'],
    ['SCOPEGATE_AUDIT_SYSLOG', 'udp://logs.example'],
    ['SCOPEGATE_AUDIT_SYSLOG', 'udp://logs.example:0'],
    ['SCOPEGATE_AUDIT_SYSLOG', 'udp://logs.example:99999'],
    ['SCOPEGATE_AUDIT_SYSLOG', 'tls://logs.example:6514'],
    ['SCOPEGATE_AUDIT_SYSLOG', 'tcp://user:hidden-word@logs.example:601'],
    ['SCOPEGATE_AUDIT_SYSLOG', 'tcp://logs.example:601/path'],
    ['SCOPEGATE_AUDIT_WEBHOOK', 'ftp://host.example/hidden-word'],
    ['SCOPEGATE_AUDIT_WEBHOOK', 'https://'],
    ['SCOPEGATE_AUDIT_WEBHOOK', 'https://user:hidden-word@host.example/'],
    ['SCOPEGATE_AUDIT_WEBHOOK', 'https://host.example/#hidden-word'],
    ['SCOPEGATE_AUDIT_WEBHOOK_SECRET', 'hidden-word'],
    ['SCOPEGATE_AUDIT_WEBHOOK_SECRET', SECRET],
  ])('R61: %s=%s ends the start with its name, and repeats no secret', (name, value) => {
    let message = '';
    try {
      readConfiguration({ [name]: value });
    } catch (error) {
      if (error instanceof ConfigurationError) ({ message } = error);
    }
    expect(message).toContain(name);
    expect(message).not.toMatch(/hidden-word|a-secret-of/);
  });
});

describe('how many workers there are', () => {
  const mysql = {
    DATABASE_URL: 'mysql://scopegate@127.0.0.1/scopegate',
    SCOPEGATE_TOKEN_PEPPER: SECRET,
    SCOPEGATE_ENCRYPTION_KEY: SECRET,
  };

  it('R62: is one by default, and several with MySQL or MariaDB', () => {
    expect(readConfiguration({}).workers).toBe(1);
    expect(readConfiguration({ ...mysql, SCOPEGATE_WORKERS: '4' }).workers).toBe(4);
  });

  it.each([{}, { DATABASE_URL: 'sqlite:./data/x.sqlite' }])('R62: is never more than one on SQLite', (environment) => {
    expect(() => readConfiguration({ ...environment, SCOPEGATE_WORKERS: '2' })).toThrow(
      /^SCOPEGATE_WORKERS: .*MySQL or MariaDB.*DATABASE_URL/,
    );
    expect(readConfiguration({ ...environment, SCOPEGATE_WORKERS: '1' }).workers).toBe(1);
  });

  it.each(['0', '65', 'two', '-1', '1.5'])('R62: is no such number as %s', (workers) => {
    expect(() => readConfiguration({ ...mysql, SCOPEGATE_WORKERS: workers })).toThrow(/^SCOPEGATE_WORKERS /);
  });
});

describe('values that stand in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scopegate-env-'));
  let made = 0;
  const fileOf = (content: string | Buffer): string => {
    const file = join(folder, String((made += 1)));
    writeFileSync(file, content);
    return file;
  };
  const MYSQL = 'mysql://scopegate@127.0.0.1/scopegate';
  const KEYS = { SCOPEGATE_TOKEN_PEPPER: SECRET, SCOPEGATE_ENCRYPTION_KEY: SECRET };

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([MYSQL, `${MYSQL}\n`, `${MYSQL}\r\n\n`, `  ${MYSQL} \n`, `\uFEFF${MYSQL}`])(
    'R110: DATABASE_URL_FILE and REDIS_URL_FILE are read: %j',
    (content) => {
      const { database } = readConfiguration({ ...KEYS, DATABASE_URL_FILE: fileOf(content) });
      expect(database).toMatchObject({ kind: 'mysql', host: '127.0.0.1', database: 'scopegate' });
      const redis = fileOf(content.replace(MYSQL, 'redis://127.0.0.1:6379'));
      expect(readConfiguration({ REDIS_URL_FILE: redis }).redisUrl).toBe('redis://127.0.0.1:6379');
    },
  );

  it.each([SECRET, `${SECRET}\n`, `\uFEFF${SECRET}\r\n`])('R110: a key from a file is the key: %j', (content) => {
    expect(readConfiguration({ SCOPEGATE_TOKEN_PEPPER_FILE: fileOf(content) }).tokenPepper).toEqual([SECRET]);
  });

  it.each([
    ['new one', `${OTHER} ${SECRET}`],
    ['lines of a file', `${OTHER}\r\n${SECRET}\n`],
    ['blanks around them', `  ${OTHER} \t ${SECRET} `],
  ])('R76: several keys are a list, newest first: %s', (_, text) => {
    expect(readConfiguration({ SCOPEGATE_TOKEN_PEPPER: text }).tokenPepper).toEqual([OTHER, SECRET]);
    const { encryptionKey } = readConfiguration({ SCOPEGATE_ENCRYPTION_KEY_FILE: fileOf(text) });
    expect(encryptionKey).toEqual([OTHER, SECRET]);
  });

  it.each([
    [`${SECRET} short`, 'blanks separate keys'],
    ['one key of before, whose words have blanks between them', 'blanks separate keys'],
    ['short', 'must have at least 32 characters'],
    ['          ', 'must have at least 32 characters'],
    [`${SECRET} ${OTHER} ${SECRET}`, 'the same key twice'],
    [Array.from({ length: 11 }, (_, index) => `${SECRET}-${index}`).join(' '), 'at most 10 keys'],
  ])('R76: a list of keys that cannot be used ends the start, and is not repeated: %s', (text, message) => {
    const read = (): unknown => readConfiguration({ SCOPEGATE_ENCRYPTION_KEY: text });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(/^SCOPEGATE_ENCRYPTION_KEY/);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/a-secret-of|of before/);
  });

  const NAMES = ['DATABASE_URL', 'REDIS_URL', ...Object.keys(KEYS), 'SCOPEGATE_ADMIN_PASSWORD'];

  it.each(NAMES)('R110: %s_FILE ends the start where it cannot be used, or where both are given', (name) => {
    for (const [file, message] of [
      [join(folder, 'gone'), 'cannot be used'],
      [folder, 'cannot be used'],
      [fileOf(''), 'is empty'],
      [fileOf(' \n\uFEFF\n'), 'is empty'],
      [fileOf(Buffer.from(`\uFEFF${MYSQL}`, 'utf16le')), 'not a text in UTF-8'],
      [fileOf(Buffer.from(MYSQL, 'utf16le')), 'not a text in UTF-8'],
    ] as const) {
      const read = (): unknown => readConfiguration({ [`${name}_FILE`]: file });
      expect(read, message).toThrow(ConfigurationError);
      expect(read).toThrow(`${name}_FILE`);
      expect(read).toThrow(message);
    }
    const both = (): unknown => readConfiguration({ [name]: SECRET, [`${name}_FILE`]: fileOf(SECRET) });
    expect(both).toThrow(`Set ${name} or ${name}_FILE, not both.`);
  });

  it.each([
    ['HOST_FILE', 'HOST'],
    ['PORT_FILE', 'PORT'],
    ['LOG_LEVEL_FILE', 'LOG_LEVEL'],
    ['SCOPEGATE_WORKERS_FILE', 'SCOPEGATE_WORKERS'],
    ['DATABASE_URI', 'DATABASE_URL'],
  ])('R110: %s is not ignored, as if nothing had been set', (name, right) => {
    expect(() => readConfiguration({ [name]: fileOf('1') })).toThrow(ConfigurationError);
    expect(() => readConfiguration({ [name]: fileOf('1') })).toThrow(right);
  });

  it.each([`${MYSQL}\n${MYSQL}`, 'mysql://user:%zz@127.0.0.1/scopegate', 'mysql://127.0.0.1/%ff', 'mysql://h/a b'])(
    'R110: DATABASE_URL=%j ends the start, and is not repeated',
    (value) => {
      expect(() => readConfiguration({ ...KEYS, DATABASE_URL: value })).toThrow(/^DATABASE_URL must look like/);
    },
  );
});

describe('the times of a stop', () => {
  it('R79: it drains for five seconds, and not at all where a person at a terminal waits for it', () => {
    expect(readConfiguration({}, false)).toMatchObject({ drainMs: 5_000, stopMs: 10_000 });
    expect(readConfiguration({}, true)).toMatchObject({ drainMs: 0, stopMs: 10_000 });
    const environment = { SCOPEGATE_DRAIN_MS: '7000', SCOPEGATE_STOP_MS: '0' };
    expect(readConfiguration(environment, true)).toMatchObject({ drainMs: 7_000, stopMs: 0 });
  });

  it.each(['0.5', '-1', '5s', '3600001'])('R63: they are whole numbers of milliseconds, and not "%s"', (value) => {
    for (const name of ['SCOPEGATE_DRAIN_MS', 'SCOPEGATE_STOP_MS']) {
      expect(() => readConfiguration({ [name]: value })).toThrow(`${name} must be a whole number from 0 to 3600000`);
    }
  });
});

describe('where the console is, and where people log in', () => {
  const OIDC = {
    SCOPEGATE_PUBLIC_URL: 'https://gate.example',
    SCOPEGATE_OIDC_ISSUER: 'https://login.example/realms/one',
    SCOPEGATE_OIDC_CLIENT_ID: 'scopegate',
  };

  it.each([
    ['https://gate.example', 'https://gate.example'],
    ['https://Gate.example:443/', 'https://gate.example'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['https://gate.example:8443/console/', 'https://gate.example:8443'],
  ])('R96, R99: SCOPEGATE_PUBLIC_URL=%s is the origin %s', (value, origin) => {
    expect(readConfiguration({ SCOPEGATE_PUBLIC_URL: value }).publicUrl).toBe(origin);
  });

  it.each([
    'gate.example',
    'ftp://gate.example',
    'https://',
    'https://user@gate.example',
    'https://gate.example/gateway',
    'https://gate.example/?a=b',
    'https://gate.example/#a',
  ])('R96, R99: SCOPEGATE_PUBLIC_URL=%s ends the start', (value) => {
    expect(() => readConfiguration({ SCOPEGATE_PUBLIC_URL: value })).toThrow(/^SCOPEGATE_PUBLIC_URL must be/);
  });

  it('R96: there is no login at a provider by default; with one, preferred_username names the user', () => {
    expect(readConfiguration({}).oidc).toBeNull();
    expect(readConfiguration(OIDC).oidc).toEqual({
      issuer: 'https://login.example/realms/one',
      clientId: 'scopegate',
      clientSecret: null,
      usernameClaim: 'preferred_username',
      groupsClaim: null,
    });
    const more = {
      SCOPEGATE_OIDC_CLIENT_SECRET: 'short',
      SCOPEGATE_OIDC_USERNAME_CLAIM: 'upn',
      SCOPEGATE_OIDC_GROUPS_CLAIM: 'https://login.example/groups',
    };
    expect(readConfiguration({ ...OIDC, ...more }).oidc).toMatchObject({
      clientSecret: 'short',
      usernameClaim: 'upn',
      groupsClaim: 'https://login.example/groups',
    });
    const folder = mkdtempSync(join(tmpdir(), 'scopegate-env-'));
    const file = join(folder, 'secret');
    writeFileSync(file, 'from a file\n');
    const { oidc } = readConfiguration({ ...OIDC, SCOPEGATE_OIDC_CLIENT_SECRET_FILE: file });
    rmSync(folder, { recursive: true });
    expect(oidc?.clientSecret).toBe('from a file');
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['no issuer', { SCOPEGATE_OIDC_ISSUER: '' }, /needs SCOPEGATE_OIDC_ISSUER/],
    ['no client', { SCOPEGATE_OIDC_CLIENT_ID: '' }, /needs SCOPEGATE_OIDC_ISSUER and SCOPEGATE_OIDC_CLIENT_ID/],
    ['no public address', { SCOPEGATE_PUBLIC_URL: '' }, /needs SCOPEGATE_PUBLIC_URL/],
    ['http', { SCOPEGATE_OIDC_ISSUER: 'http://login.example' }, /must be an https address/],
    ['no address', { SCOPEGATE_OIDC_ISSUER: 'login.example' }, /must be an https address/],
    ['a user in it', { SCOPEGATE_OIDC_ISSUER: 'https://hidden-word@login.example' }, /no user name/],
    ['a query', { SCOPEGATE_OIDC_ISSUER: 'https://login.example/?a=b' }, /no query/],
    [
      'the whole address',
      { SCOPEGATE_OIDC_ISSUER: 'https://login.example/.well-known/openid-configuration' },
      /in front of/,
    ],
    ['an address as the name', { SCOPEGATE_OIDC_USERNAME_CLAIM: 'email' }, /must not be "email"/],
    ['a blank in a claim', { SCOPEGATE_OIDC_GROUPS_CLAIM: 'my groups' }, /must be the name of a claim/],
    ['a secret of two lines', { SCOPEGATE_OIDC_CLIENT_SECRET: 'hidden-word\nb' }, /must be visible ASCII/],
  ])('R96: %s ends the start with its name, and repeats no secret', (_name, change, message) => {
    let text = '';
    try {
      readConfiguration({ ...OIDC, ...change });
    } catch (error) {
      if (error instanceof ConfigurationError) text = error.message;
    }
    expect(text).toMatch(message);
    expect(text).toContain('SCOPEGATE_OIDC_');
    expect(text).not.toContain('hidden-word');
  });

  it('R96: http is for a provider on this machine', () => {
    for (const issuer of ['http://127.0.0.1:9000', 'http://localhost/realm', 'http://[::1]:1']) {
      expect(readConfiguration({ ...OIDC, SCOPEGATE_OIDC_ISSUER: issuer }).oidc?.issuer).toBe(issuer);
    }
  });
});
