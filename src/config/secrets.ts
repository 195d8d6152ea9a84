import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, type Configuration } from './env.js';

/** The keys the server works with. */
export interface Secrets {
  /** The key of the token digest. */
  readonly tokenPepper: string;
  /** The key of stored upstream credentials. */
  readonly encryptionKey: string;
}

const FILE_NAME = 'secrets.json';

/**
 * The keys of the configuration, or, on SQLite, those of `secrets.json` in the data directory, made once with mode
 * 0600. Two servers that start at the same time agree on the file that was there first.
 * @throws ConfigurationError where the file cannot be read or does not hold the keys
 */
export function loadSecrets(configuration: Configuration): Secrets {
  const { tokenPepper, encryptionKey, dataDirectory } = configuration;
  if (tokenPepper !== null && encryptionKey !== null) return { tokenPepper, encryptionKey };
  const stored = readOrCreate(dataDirectory);
  return { tokenPepper: tokenPepper ?? stored.tokenPepper, encryptionKey: encryptionKey ?? stored.encryptionKey };
}

function readOrCreate(dataDirectory: string): Secrets {
  const file = join(dataDirectory, FILE_NAME);
  const made: Secrets = {
    tokenPepper: randomBytes(32).toString('base64'),
    encryptionKey: randomBytes(32).toString('base64'),
  };
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw new ConfigurationError(`The data directory "${dataDirectory}" cannot be written.`);
    }
  }
  return readStored(file);
}

function readStored(file: string): Secrets {
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new ConfigurationError(`"${file}" cannot be read as JSON. Restore it: without it no token is recognised.`);
  }
  const { tokenPepper, encryptionKey } = stored as Partial<Secrets>;
  if (typeof tokenPepper !== 'string' || typeof encryptionKey !== 'string') {
    throw new ConfigurationError(`"${file}" must hold tokenPepper and encryptionKey.`);
  }
  return { tokenPepper, encryptionKey };
}
