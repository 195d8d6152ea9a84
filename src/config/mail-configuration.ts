import { isLoopbackHost } from '@scopegate/network';
import { isEmail } from 'class-validator';
import { ConfigurationError, readAddress, readText, type Environment } from './environment.reader.js';

const URL_NAME = 'SCOPEGATE_SMTP_URL';
const FROM_NAME = 'SCOPEGATE_MAIL_FROM';

/** Of RFC 6409 and RFC 8314. */
const PORTS = { 'smtp:': 587, 'smtps:': 465 } as const;

/** How mails are sent. */
export interface MailConfiguration {
  readonly host: string;
  readonly port: number;
  /** From the first byte on (`smtps:`). Otherwise STARTTLS is used where the server offers it. */
  readonly isTls: boolean;
  /** No mail without TLS: the password must not be readable on its way. */
  readonly needsTls: boolean;
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: { readonly name: string; readonly address: string };
}

/** No message repeats a value: it contains a password. @throws ConfigurationError */
export function readMail(environment: Environment): MailConfiguration | null {
  const text = readAddress(environment, URL_NAME);
  const from = readText(environment, FROM_NAME);
  if (text === null) {
    if (from !== null) throw new ConfigurationError(`${FROM_NAME} has no effect without ${URL_NAME}.`);
    return null;
  }
  if (from === null) throw new ConfigurationError(`${URL_NAME} needs ${FROM_NAME}, the sender of the mails.`);
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSmtp = url?.protocol === 'smtp:' || url?.protocol === 'smtps:';
  if (url === null || !isSmtp || url.hostname === '' || url.port === '0' || hasMore(url)) {
    throw new ConfigurationError(
      `${URL_NAME} must look like smtps://user:password@host:465 or smtp://host:587. Write special characters of ` +
        'the password percent-encoded, such as %40 for @.',
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const login = readLogin(url);
  const isTls = url.protocol === 'smtps:';
  return {
    host,
    port: url.port === '' ? PORTS[url.protocol as keyof typeof PORTS] : Number(url.port),
    isTls,
    needsTls: isTls || (login !== null && !isLoopbackHost(url.hostname.toLowerCase())),
    login,
    from: readFrom(from),
  };
}

function hasMore({ pathname, search, hash }: URL): boolean {
  return (pathname !== '' && pathname !== '/') || search !== '' || hash !== '';
}

function readLogin({ username, password }: URL): MailConfiguration['login'] {
  if (username === '' && password === '') return null;
  const login = { user: decoded(username), password: decoded(password) };
  if (login.user === '' || login.password === '') {
    throw new ConfigurationError(`${URL_NAME} must have both a user name and a password, or neither.`);
  }
  return login;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConfigurationError(`${URL_NAME}: write a % in the user name or password as %25.`);
  }
}

/** `address` or `Name <address>`. */
function readFrom(text: string): MailConfiguration['from'] {
  const [, name = '', inBrackets] = /^([^<>"\p{Cc}]{0,100})<([^<>]*)>$/u.exec(text.trim()) ?? [];
  const address = inBrackets ?? text.trim();
  if (!isEmail(address, { require_tld: false, allow_utf8_local_part: false })) {
    throw new ConfigurationError(
      `${FROM_NAME} must look like scopegate@example.com or Scopegate <scopegate@example.com>.`,
    );
  }
  return { name: name.trim(), address };
}
