import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, readConfiguration } from './env.js';

const SECRET = 'a secret of at least 32 characters';

describe('where audit events are sent', () => {
  it('R58: is nowhere besides the database by default', () => {
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
    expect(message).not.toMatch(/hidden-word|a secret of/);
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
