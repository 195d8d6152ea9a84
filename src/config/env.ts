import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import { readOrigin } from '@scopegate/access';
import { readAuditStreams, type AuditStreamsConfiguration } from './audit-streams-configuration.js';
import { DATABASE_RULES, readDatabase, type DatabaseConfiguration } from './database-configuration.js';
import {
  ConfigurationError,
  FILE_SUFFIX,
  readAddress,
  readInteger,
  readKeys,
  readOptionalInteger,
  readSwitch,
  readText,
  readTextOrFile,
  type Environment,
} from './environment.reader.js';
import { readMail, type MailConfiguration } from './mail-configuration.js';
import { readOidc, type OidcConfiguration } from './oidc-configuration.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Read once, at the start. */
export interface Configuration {
  readonly host: string;
  readonly port: number;
  /** Where browsers find the console, as an origin: `https://gate.example.com`. Null: where they come from. */
  readonly publicUrl: string | null;
  /** Null: people log in with passwords only. */
  readonly oidc: OidcConfiguration | null;
  /** Null if one port also answers the management API. */
  readonly managementPort: number | null;
  readonly database: DatabaseConfiguration;
  readonly redisUrl: string | null;
  readonly dataDirectory: string;
  readonly adminPassword: string | null;
  /** The keys of token digests, newest first; null if they are in `secrets.json` (SQLite). */
  readonly tokenPepper: readonly string[] | null;
  /** The keys of stored secrets, newest first; null if they are in `secrets.json` (SQLite). */
  readonly encryptionKey: readonly string[] | null;
  readonly workers: number;
  /** A node judges by rules that it cannot read again for at most this long. */
  readonly maxStalenessMs: number;
  /** The operator says that no other node changes this database. */
  readonly singleNode: boolean;
  /** Proxies may ask for decisions (R84, R85). */
  readonly forwardAuth: boolean;
  /** The listeners stay open after SIGTERM, so that load balancers stop sending requests (R79). */
  readonly drainMs: number;
  /** After this time, requests under way are cut off (R79). */
  readonly stopMs: number;
  /** Above this size, requests are refused until the database stores events again. */
  readonly journalMaxBytes: number;
  readonly logLevel: LogLevel;
  readonly auditStreams: AuditStreamsConfiguration;
  /** Null: no mails are sent. */
  readonly mail: MailConfiguration | null;
}

const KNOWN_NAMES: ReadonlySet<string> = new Set([
  'SCOPEGATE_MANAGEMENT_PORT',
  'SCOPEGATE_PUBLIC_URL',
  'SCOPEGATE_OIDC_ISSUER',
  'SCOPEGATE_OIDC_CLIENT_ID',
  'SCOPEGATE_OIDC_CLIENT_SECRET',
  'SCOPEGATE_OIDC_CLIENT_SECRET_FILE',
  'SCOPEGATE_OIDC_USERNAME_CLAIM',
  'SCOPEGATE_OIDC_GROUPS_CLAIM',
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
  'SCOPEGATE_FORWARD_AUTH',
  'SCOPEGATE_DRAIN_MS',
  'SCOPEGATE_STOP_MS',
  'SCOPEGATE_JOURNAL_MAX_BYTES',
  'SCOPEGATE_AUDIT_STDOUT',
  'SCOPEGATE_AUDIT_FILE',
  'SCOPEGATE_AUDIT_SYSLOG',
  'SCOPEGATE_AUDIT_WEBHOOK',
  'SCOPEGATE_AUDIT_WEBHOOK_SECRET',
  'SCOPEGATE_AUDIT_WEBHOOK_SECRET_FILE',
  'SCOPEGATE_SMTP_URL',
  'SCOPEGATE_SMTP_URL_FILE',
  'SCOPEGATE_MAIL_FROM',
]);

/** At a terminal, no load balancer has to notice the stop. */
const DEFAULT_DRAIN_MS = { terminal: 0, service: 5_000 } as const;

const STANDARD_INPUT = 0;

/**
 * @param isAtTerminal some defaults differ at a terminal
 * @throws ConfigurationError for an unknown `SCOPEGATE_*` name and for every invalid value
 */
export function readConfiguration(
  environment: Environment = process.env,
  isAtTerminal: boolean = isatty(STANDARD_INPUT),
): Configuration {
  refuseUnknownNames(environment);
  refuseIgnoredNames(environment);
  const dataDirectory = resolve(readText(environment, 'SCOPEGATE_DATA_DIR') ?? './data');
  const database = readDatabase(environment, dataDirectory);
  const { hasWorkers, isSingleNode, makesKeys } = DATABASE_RULES[database.kind];
  const ports = readPorts(environment);
  const workers = readInteger(environment, 'SCOPEGATE_WORKERS', 1, 1, 64);
  if (workers > 1 && !hasWorkers) {
    throw new ConfigurationError(
      'SCOPEGATE_WORKERS: several workers need MySQL or MariaDB, because SQLite works with one process only. ' +
        'Leave it out, or set DATABASE_URL.',
    );
  }
  const defaultDrainMs = DEFAULT_DRAIN_MS[isAtTerminal ? 'terminal' : 'service'];
  const publicUrl = readPublicUrl(environment);
  const configuration: Configuration = {
    host: readHost(environment),
    ...ports,
    publicUrl,
    oidc: readOidc(environment, publicUrl),
    database,
    redisUrl: readRedisUrl(environment),
    dataDirectory,
    adminPassword: readAdminPassword(environment),
    tokenPepper: readKeys(environment, 'SCOPEGATE_TOKEN_PEPPER'),
    encryptionKey: readKeys(environment, 'SCOPEGATE_ENCRYPTION_KEY'),
    workers,
    maxStalenessMs: readInteger(environment, 'SCOPEGATE_MAX_STALENESS_MS', 10_000, 1_000, 3_600_000),
    singleNode: readSwitch(environment, 'SCOPEGATE_SINGLE_NODE', isSingleNode),
    forwardAuth: readSwitch(environment, 'SCOPEGATE_FORWARD_AUTH', true),
    drainMs: readInteger(environment, 'SCOPEGATE_DRAIN_MS', defaultDrainMs, 0, 3_600_000),
    stopMs: readInteger(environment, 'SCOPEGATE_STOP_MS', 10_000, 0, 3_600_000),
    journalMaxBytes: readInteger(environment, 'SCOPEGATE_JOURNAL_MAX_BYTES', 268_435_456, 65_536, 2_000_000_000),
    logLevel: readLogLevel(environment),
    auditStreams: readAuditStreams(environment),
    mail: readMail(environment),
  };
  if (!makesKeys) requireKeys(configuration);
  return configuration;
}

function refuseUnknownNames(environment: Environment): void {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('SCOPEGATE_') && !name.startsWith('SCOPEGATE_TEST_') && !KNOWN_NAMES.has(name)) {
      throw new ConfigurationError(`${name} is not a known variable. Known variables: ${[...KNOWN_NAMES].join(', ')}.`);
    }
  }
}

function readPorts(environment: Environment): Pick<Configuration, 'port' | 'managementPort'> {
  const port = readInteger(environment, 'PORT', 3000, 0, 65_535);
  const managementPort = readOptionalInteger(environment, 'SCOPEGATE_MANAGEMENT_PORT', 0, 65_535);
  if (managementPort !== null && managementPort !== 0 && managementPort === port) {
    throw new ConfigurationError(
      'SCOPEGATE_MANAGEMENT_PORT must differ from PORT. Leave it out to serve both on one port.',
    );
  }
  return { port, managementPort };
}

function requireKeys({ tokenPepper, encryptionKey }: Configuration): void {
  for (const [name, value] of [
    ['SCOPEGATE_TOKEN_PEPPER', tokenPepper],
    ['SCOPEGATE_ENCRYPTION_KEY', encryptionKey],
  ] as const) {
    if (value !== null) continue;
    throw new ConfigurationError(
      `${name} is required with MySQL, the same on every node. Generate one with: openssl rand -base64 32`,
    );
  }
}

/**
 * Unknown names without the prefix may belong to other programs. Ignoring these would serve an empty database or
 * another port.
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

/** The path of the console may follow. */
function readPublicUrl(environment: Environment): string | null {
  const name = 'SCOPEGATE_PUBLIC_URL';
  const value = readText(environment, name)?.trim() ?? null;
  if (value === null) return null;
  const [, address = '', path = ''] = /^(https?:\/\/[^/]+)(.*)$/i.exec(value) ?? [];
  const origin = readOrigin(address);
  if (origin === null || !['', '/', '/console', '/console/'].includes(path)) {
    throw new ConfigurationError(
      `${name} must be the address at which browsers reach the management API, without a path: ` +
        'https://gate.example.com.',
    );
  }
  return origin.text;
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
