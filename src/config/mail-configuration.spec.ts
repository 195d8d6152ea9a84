import { describe, expect, it } from 'vitest';
import { readMail } from './mail-configuration.js';

const FROM = 'Scopegate <gate@example.com>';

const read = (url: string, from: string = FROM): ReturnType<typeof readMail> =>
  readMail({ SCOPEGATE_SMTP_URL: url, SCOPEGATE_MAIL_FROM: from });

describe('the configuration of mails', () => {
  it('R98: an address of a server, with or without a login, and a sender', () => {
    expect(readMail({})).toBeNull();
    expect(read('smtps://ann%40example.com:p%25%2Fw@mail.example.com')).toEqual({
      host: 'mail.example.com',
      port: 465,
      isTls: true,
      needsTls: true,
      login: { user: 'ann@example.com', password: 'p%/w' },
      from: { name: 'Scopegate', address: 'gate@example.com' },
    });
    expect(read('smtp://mail.example.com:25/', 'gate@example.com')).toMatchObject({
      port: 25,
      isTls: false,
      needsTls: false,
      login: null,
      from: { name: '', address: 'gate@example.com' },
    });
  });

  it.each([
    ['smtp://mail.example.com', false],
    ['smtp://ann:secret@mail.example.com', true],
    ['smtp://ann:secret@localhost.example.com', true],
    ['smtp://ann:secret@127.0.0.1.example.com', true],
    ['smtp://ann:secret@192.0.2.1', true],
    ['smtp://ann:secret@[2001:db8::1]', true],
    ['smtp://ann:secret@localhost', false],
    ['smtp://ann:secret@127.0.0.1:2525', false],
    ['smtp://ann:secret@[::1]:2525', false],
    ['smtps://127.0.0.1', true],
  ])('R98: a login goes out through TLS alone, but on this machine: %s', (url, needsTls) => {
    expect(read(url)?.needsTls).toBe(needsTls);
  });

  it.each([
    'mail.example.com',
    'http://mail.example.com',
    'smtp://',
    'smtp://host:0',
    'smtp://host:70000',
    'smtp://host/path',
    'smtp://host?tls=no',
    'smtp://host#x',
    'smtp://secret-user@host',
    'smtp://:secret-word@host',
    'smtp://secret-user:%zz@host',
  ])('R98: %s is refused with a message that repeats none of it', (url) => {
    expect(() => read(url)).toThrow(/^SCOPEGATE_SMTP_URL/);
    expect(() => read(url)).not.toThrow(/secret/);
  });

  it.each([
    'gate',
    'gate@example.com\r\nBcc: x@example.com',
    'A\nB <gate@example.com>',
    '<gate@example.com> x',
    'a@b, c@d',
  ])('R98: the sender %j is refused', (from) => {
    expect(() => read('smtp://host', from)).toThrow(/^SCOPEGATE_MAIL_FROM/);
  });

  it('R98: one without the other is refused', () => {
    expect(() => readMail({ SCOPEGATE_SMTP_URL: 'smtp://host' })).toThrow(/SCOPEGATE_MAIL_FROM/);
    expect(() => readMail({ SCOPEGATE_MAIL_FROM: FROM })).toThrow(/no effect/);
  });
});
