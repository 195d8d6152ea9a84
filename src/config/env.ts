import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { isatty } from 'node:tty';
import {
  ConfigurationError,
  FILE_SUFFIX,
  readAddress,
  readInteger,
  readOptionalInteger,
  readSecret,
  readText,
  readTextOrFile,
  type Environment,
} from './environment.reader.js';

export { ConfigurationError } from './environment.reader.js';

/** Where the data lives. */
export type DatabaseConfiguration =
  | { readonly kind: 'sqlite'; readonly file: string }
  | {
      readonly kind: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly username: string;
      readonly password: string;
      readonly database: string;
    };

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where audit events are sent besides the database; each is off unless it is named. */
export interface AuditStreamsConfiguration {
  readonly stdout: boolean;
  /** An absolute path. */
  readonly file: string | null;
  readonly syslog: { readonly protocol: 'udp' | 'tcp'; readonly host: string; readonly port: number } | null;
  /** With a secret, requests are signed. */
  readonly webhook: { readonly url: string; readonly secret: string | null } | null;
}

/** The configuration of one process: read from the environment once, at the start. */
export interface Configuration {
  readonly host: string;
  readonly port: number;
  /** The port that alone answers the management API, or null where one port serves both. */
  readonly managementPort: number | null;
  readonly database: DatabaseConfiguration;
  readonly redisUrl: string | null;
  readonly dataDirectory: string;
  readonly adminPassword: string | null;
  /** The key of the token digest; null where it is generated (SQLite). */
  readonly tokenPepper: string | null;
  /** The key of stored upstream credentials; null where it is generated (SQLite). */
  readonly encryptionKey: string | null;
  /** How many processes share the port. */
  readonly workers: number;
  /** How long a node judges by rules that it cannot read again. */
  readonly maxStalenessMs: number;
  /** Whether the operator says that no other node changes this database. */
  readonly singleNode: boolean;
  /** Milliseconds that the listeners stay open after SIGTERM, so that load balancers can look elsewhere (R79). */
  readonly drainMs: number;
  /** Milliseconds that requests under way get to finish once the listeners are closed; then they are cut (R79). */
  readonly stopMs: number;
  /** Bytes of audit events that may wait for the database; beyond it no request is let through. */
  readonly journalMaxBytes: number;
  readonly logLevel: LogLevel;
  readonly auditStreams: AuditStreamsConfiguration;
}

const KNOWN_NAMES: ReadonlySet<string> = new Set([
  'SCOPEGATE_MANAGEMENT_PORT',
  'SCOPEGATE_ADMIN_PASSWORD',
  'SCOPEGATE_ADMIN_PASSWORD_FILE',
  'SCOPEGATE_TOKEN_PEPPER',
  'SCOPEGATE_TOKEN_PEPPER_FILE',
  'SCOPEGATE_ENCRYPTION_KEY',
  'SCOPEGATE_ENCRYPTION_KEY_FILE',
  'SCOPEGATE_DATA_DIR',
  'SCOPEGATE_WORKERS',
  'SCOPEGATE_MAX_STALENESS_MS',
  'SCOPEGATE_SINGLE_NODE',
  'SCOPEGATE_DRAIN_MS',
  'SCOPEGATE_STOP_MS',
  'SCOPEGATE_JOURNAL_MAX_BYTES',
  'SCOPEGATE_AUDIT_STDOUT',
  'SCOPEGATE_AUDIT_FILE',
  'SCOPEGATE_AUDIT_SYSLOG',
  'SCOPEGATE_AUDIT_WEBHOOK',
  'SCOPEGATE_AUDIT_WEBHOOK_SECRET',
  'SCOPEGATE_AUDIT_WEBHOOK_SECRET_FILE',
]);

/** A person at a terminal has no load balancer that looks elsewhere meanwhile. */
const DEFAULT_DRAIN_MS = { terminal: 0, service: 5_000 } as const;

/** Standard input of a process. */
const STANDARD_INPUT = 0;

/**
 * Reads and checks the whole configuration.
 * @param isAtTerminal whether standard input is a terminal; some defaults differ there
 * @throws ConfigurationError for an unknown `SCOPEGATE_*` name and for every value that does not fit
 */
export function readConfiguration(
  environment: Environment = process.env,
  isAtTerminal: boolean = isatty(STANDARD_INPUT),
): Configuration {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('SCOPEGATE_') && !name.startsWith('SCOPEGATE_TEST_') && !KNOWN_NAMES.has(name)) {
      throw new ConfigurationError(`${name} is not a known variable. Known variables: ${[...KNOWN_NAMES].join(', ')}.`);
    }
  }
  refuseIgnoredNames(environment);
  const dataDirectory = resolve(readText(environment, 'SCOPEGATE_DATA_DIR') ?? './data');
  const database = readDatabase(environment, dataDirectory);
  const port = readInteger(environment, 'PORT', 3000, 0, 65_535);
  const managementPort = readOptionalInteger(environment, 'SCOPEGATE_MANAGEMENT_PORT', 0, 65_535);
  if (managementPort !== null && managementPort !== 0 && managementPort === port) {
    throw new ConfigurationError(
      'SCOPEGATE_MANAGEMENT_PORT must differ from PORT. Leave it out to serve both on one port.',
    );
  }
  const workers = readInteger(environment, 'SCOPEGATE_WORKERS', 1, 1, 64);
  if (workers > 1 && database.kind === 'sqlite') {
    throw new ConfigurationError(
      'SCOPEGATE_WORKERS: several workers need MySQL or MariaDB, because SQLite works with one process only. ' +
        'Leave it out, or set DATABASE_URL.',
    );
  }
  const configuration: Configuration = {
    host: readHost(environment),
    port,
    managementPort,
    database,
    redisUrl: readRedisUrl(environment),
    dataDirectory,
    adminPassword: readAdminPassword(environment),
    tokenPepper: readSecret(environment, 'SCOPEGATE_TOKEN_PEPPER'),
    encryptionKey: readSecret(environment, 'SCOPEGATE_ENCRYPTION_KEY'),
    workers,
    maxStalenessMs: readInteger(environment, 'SCOPEGATE_MAX_STALENESS_MS', 10_000, 1_000, 3_600_000),
    // A file of SQLite is on one machine; a server may have been given to several nodes.
    singleNode: readSwitch(environment, 'SCOPEGATE_SINGLE_NODE', database.kind === 'sqlite'),
    drainMs: readInteger(
      environment,
      'SCOPEGATE_DRAIN_MS',
      DEFAULT_DRAIN_MS[isAtTerminal ? 'terminal' : 'service'],
      0,
      3_600_000,
    ),
    stopMs: readInteger(environment, 'SCOPEGATE_STOP_MS', 10_000, 0, 3_600_000),
    journalMaxBytes: readInteger(environment, 'SCOPEGATE_JOURNAL_MAX_BYTES', 268_435_456, 65_536, 2_000_000_000),
    logLevel: readLogLevel(environment),
    auditStreams: readAuditStreams(environment),
  };
  if (database.kind === 'mysql') {
    for (const [name, value] of [
      ['SCOPEGATE_TOKEN_PEPPER', configuration.tokenPepper],
      ['SCOPEGATE_ENCRYPTION_KEY', configuration.encryptionKey],
    ] as const) {
      if (value === null) {
        throw new ConfigurationError(
          `${name} is required with MySQL, the same on every node. Generate one with: openssl rand -base64 32`,
        );
      }
    }
  }
  return configuration;
}

/**
 * Names without the prefix belong to other programs as well, so an unknown one is no error. These would be meant for us,
 * and ignoring them would serve an empty database or another port.
 */
function refuseIgnoredNames(environment: Environment): void {
  for (const name of ['HOST', 'PORT', 'LOG_LEVEL']) {
    if (readText(environment, name + FILE_SUFFIX) !== null) {
      throw new ConfigurationError(`${name + FILE_SUFFIX} is not supported. Set ${name} itself.`);
    }
  }
  const isNamed = readText(environment, 'DATABASE_URL') ?? readText(environment, 'DATABASE_URL_FILE');
  if (isNamed === null && readText(environment, 'DATABASE_URI') !== null) {
    throw new ConfigurationError('DATABASE_URI is not supported. Set DATABASE_URL.');
  }
}

function readHost(environment: Environment): string {
  const host = readText(environment, 'HOST') ?? '127.0.0.1';
  if (isIP(host) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(host)) {
    throw new ConfigurationError(`HOST must be an address or a host name to listen on, not "${host}".`);
  }
  return host;
}

function readLogLevel(environment: Environment): LogLevel {
  const value = readText(environment, 'LOG_LEVEL') ?? 'info';
  const level = LOG_LEVELS.find((known) => known === value);
  if (level === undefined) {
    throw new ConfigurationError(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}, not "${value}".`);
  }
  return level;
}

function readAdminPassword(environment: Environment): string | null {
  const name = 'SCOPEGATE_ADMIN_PASSWORD';
  const value = readTextOrFile(environment, name);
  if (value !== null && ([...value].length < 12 || Buffer.byteLength(value) > 72)) {
    throw new ConfigurationError(`${name} must have at least 12 characters and at most 72 bytes.`);
  }
  if (value !== null && (value.startsWith('sg_') || value.startsWith('sgs_'))) {
    throw new ConfigurationError(`${name} must not begin with "sg_" or "sgs_", the formats of tokens and sessions.`);
  }
  return value;
}

function readRedisUrl(environment: Environment): string | null {
  const value = readAddress(environment, 'REDIS_URL');
  if (value !== null && !(/^rediss?:\/\/\S+$/.test(value) && URL.canParse(value))) {
    throw new ConfigurationError('REDIS_URL must look like redis://host:6379.');
  }
  return value;
}

function readDatabase(environment: Environment, dataDirectory: string): DatabaseConfiguration {
  const value = readAddress(environment, 'DATABASE_URL');
  if (value === null) return { kind: 'sqlite', file: resolve(dataDirectory, 'scopegate.sqlite') };
  if (value.startsWith('sqlite:') && value.length > 'sqlite:'.length) {
    return { kind: 'sqlite', file: resolve(value.slice('sqlite:'.length)) };
  }
  const problem = new ConfigurationError(
    'DATABASE_URL must look like sqlite:./data/scopegate.sqlite or mysql://user:password@host:3306/database.',
  );
  if (!/^(mysql|mariadb):\/\/\S+$/.test(value) || !URL.canParse(value)) throw problem;
  const url = new URL(value);
  const [database, username, password] = [url.pathname.slice(1), url.username, url.password].map(decoded);
  if (database === undefined || username === undefined || password === undefined) throw problem;
  if (url.hostname === '' || !/^[A-Za-z0-9_$-]{1,64}$/.test(database)) throw problem;
  return {
    kind: 'mysql',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 3306 : Number(url.port),
    username,
    password,
    database,
  };
}

/** Undefined where a percent sign encodes no UTF-8. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function readAuditStreams(environment: Environment): AuditStreamsConfiguration {
  return {
    stdout: readSwitch(environment, 'SCOPEGATE_AUDIT_STDOUT', false),
    file: readAuditFile(environment),
    syslog: readAuditSyslog(environment),
    webhook: readAuditWebhook(environment),
  };
}

function readSwitch(environment: Environment, name: string, fallback: boolean): boolean {
  const value = readText(environment, name) ?? String(fallback);
  if (value !== 'true' && value !== 'false') {
    throw new ConfigurationError(`${name} must be true or false, not "${value}".`);
  }
  return value === 'true';
}

function readAuditFile(environment: Environment): string | null {
  const name = 'SCOPEGATE_AUDIT_FILE';
  const value = readText(environment, name);
  if (value === null) return null;
  const file = resolve(value);
  if (value.endsWith('/') || isFolder(file)) throw new ConfigurationError(`${name} must name a file, not a folder.`);
  if (!isFolder(dirname(file))) throw new ConfigurationError(`${name}: there is no folder "${dirname(file)}".`);
  return file;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function readAuditSyslog(environment: Environment): AuditStreamsConfiguration['syslog'] {
  const value = readText(environment, 'SCOPEGATE_AUDIT_SYSLOG');
  if (value === null) return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  const protocol = url?.protocol === 'udp:' ? 'udp' : url?.protocol === 'tcp:' ? 'tcp' : null;
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const port = Number(url?.port ?? '');
  const hasMore = url !== null && url.username + url.password + url.search + url.hash + url.pathname.slice(1) !== '';
  if (protocol === null || host === '' || port === 0 || hasMore) {
    throw new ConfigurationError('SCOPEGATE_AUDIT_SYSLOG must look like udp://host:514 or tcp://host:601.');
  }
  return { protocol, host, port };
}

function readAuditWebhook(environment: Environment): AuditStreamsConfiguration['webhook'] {
  const name = 'SCOPEGATE_AUDIT_WEBHOOK';
  const value = readText(environment, name);
  const key = readSecret(environment, `${name}_SECRET`);
  if (value === null) {
    if (key !== null) throw new ConfigurationError(`${name}_SECRET has no effect without ${name}.`);
    return null;
  }
  const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : null;
  // The address is not repeated: those of webhooks often are secrets.
  if (url === null) throw new ConfigurationError(`${name} must look like https://host/path.`);
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new ConfigurationError(`${name} must not contain a user name, a password or a fragment.`);
  }
  return { url: url.href, secret: key };
}
