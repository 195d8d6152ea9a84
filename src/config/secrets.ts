import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from './env.js';
import { ConfigurationError, keysIn } from './environment.reader.js';
import { fileErrorCode, refusedFileText } from './refused-file.js';

export const KEY_NAMES = ['tokenPepper', 'encryptionKey'] as const;

/** The pepper is the key of token digests; the encryption key is that of stored secrets. */
export type KeyName = (typeof KEY_NAMES)[number];

/** Of each kind at least one, newest first. */
export type ConfiguredKeys = Readonly<Record<KeyName, readonly string[]>>;

/** One of several keys of a kind. */
export interface NumberedKey {
  /** Numbers the keys of a database by age, from 1. */
  readonly id: number;
  readonly key: string;
}

/** Newest first. */
export type NumberedKeys = Readonly<Record<KeyName, readonly NumberedKey[]>>;

export interface Secrets extends NumberedKeys {
  /** The same for the life of the database: of the audit chains, and of whatever must not change with the other keys. */
  readonly lastingKey: Uint8Array;
}

export const SECRET_NAMES: Readonly<Record<KeyName, string>> = {
  tokenPepper: 'SCOPEGATE_TOKEN_PEPPER',
  encryptionKey: 'SCOPEGATE_ENCRYPTION_KEY',
};

const FILE_NAME = 'secrets.json';

/** The file of the keys that are not in the configuration. */
export function secretsFile({ dataDirectory }: Configuration): string {
  return join(dataDirectory, FILE_NAME);
}

/**
 * On SQLite, missing keys come from `secrets.json` in the data directory, made once with mode 0600. If two servers
 * start at the same time, both use the first file.
 * @param mayMake only if no data was made with other keys (R110)
 * @throws ConfigurationError if the file is missing, cannot be read or does not contain the keys
 */
export function loadKeys(configuration: Configuration, mayMake: boolean): ConfiguredKeys {
  const { tokenPepper, encryptionKey, dataDirectory } = configuration;
  if (tokenPepper !== null && encryptionKey !== null) return { tokenPepper, encryptionKey };
  const file = secretsFile(configuration);
  if (!mayMake && !isThere(file)) throw missingFile(configuration);
  const stored = mayMake ? readOrCreate(dataDirectory, file) : readStored(file);
  return { tokenPepper: tokenPepper ?? stored.tokenPepper, encryptionKey: encryptionKey ?? stored.encryptionKey };
}

/** @throws ConfigurationError if the folder cannot be read */
function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw new ConfigurationError(refusedFileText('The file of the keys', file, error));
  }
}

function missingFile(configuration: Configuration): ConfigurationError {
  const names = KEY_NAMES.filter((key) => configuration[key] === null).map((key) => SECRET_NAMES[key]);
  return new ConfigurationError(
    `"${secretsFile(configuration)}" is missing, and the database was created with the keys in it. Restore ` +
      `the file from the backup, or set ${names.join(' and ')} to the keys that were in it. Nothing was ` +
      'changed.',
  );
}

function readOrCreate(dataDirectory: string, file: string): ConfiguredKeys {
  const made = {
    tokenPepper: randomBytes(32).toString('base64'),
    encryptionKey: randomBytes(32).toString('base64'),
  };
  const text = `${JSON.stringify(made, null, 2)}\n`;
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    createWhole(file, text);
    return { tokenPepper: [made.tokenPepper], encryptionKey: [made.encryptionKey] };
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') {
      throw new ConfigurationError(
        `${refusedFileText('The data directory', dataDirectory, error)} Or set another one with SCOPEGATE_DATA_DIR.`,
      );
    }
  }
  return readStored(file);
}

/**
 * Makes a file for its owner only. The name comes last: a start that is killed leaves no half of a file (R83).
 * @throws EEXIST if the file exists
 */
function createWhole(file: string, text: string): void {
  const options = { mode: 0o600, flag: 'wx', flush: true } as const;
  const draft = `${file}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { ...options, flag: 'w' });
    linkSync(draft, file);
  } catch (error) {
    // Not every file system supports hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(fileErrorCode(error) ?? '')) throw error;
    writeFileSync(file, text, options);
  } finally {
    if (existsSync(draft)) rmSync(draft);
  }
}

/** Each member is one key or several, as in the environment. */
function readStored(file: string): ConfiguredKeys {
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (fileErrorCode(error) !== null) {
      throw new ConfigurationError(refusedFileText('The file of the keys', file, error));
    }
    throw new ConfigurationError(`"${file}" cannot be read as JSON. Restore it: without it, no token is valid.`);
  }
  const { tokenPepper, encryptionKey } = stored as Partial<Record<KeyName, unknown>>;
  if (typeof tokenPepper !== 'string' || typeof encryptionKey !== 'string') {
    throw new ConfigurationError(`"${file}" must contain tokenPepper and encryptionKey.`);
  }
  return {
    tokenPepper: keysIn(tokenPepper, `"tokenPepper" in "${file}"`),
    encryptionKey: keysIn(encryptionKey, `"encryptionKey" in "${file}"`),
  };
}
