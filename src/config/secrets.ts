import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, type Configuration } from './env.js';

/** The keys the server works with. */
export interface Secrets {
  /** The key of the token digest. */
  readonly tokenPepper: string;
  /** The key of stored upstream credentials, and of the audit chains. */
  readonly encryptionKey: string;
}

/** The names of the keys in the environment. */
export const SECRET_NAMES: Readonly<Record<keyof Secrets, string>> = {
  tokenPepper: 'SCOPEGATE_TOKEN_PEPPER',
  encryptionKey: 'SCOPEGATE_ENCRYPTION_KEY',
};

const FILE_NAME = 'secrets.json';

/** Where the keys are that the configuration does not give. */
export function secretsFile({ dataDirectory }: Configuration): string {
  return join(dataDirectory, FILE_NAME);
}

/**
 * The keys of the configuration, or, on SQLite, those of `secrets.json` in the data directory, made once with mode
 * 0600. Two servers that start at the same time agree on the file that was there first.
 * @param mayMake whether keys may be made where there are none: only where no data was made with other ones (R110)
 * @throws ConfigurationError where the file is missing, cannot be read or does not hold the keys
 */
export function loadSecrets(configuration: Configuration, mayMake: boolean): Secrets {
  const { tokenPepper, encryptionKey, dataDirectory } = configuration;
  if (tokenPepper !== null && encryptionKey !== null) return { tokenPepper, encryptionKey };
  const file = secretsFile(configuration);
  if (!mayMake && !existsSync(file)) throw missingFile(configuration);
  const stored = mayMake ? readOrCreate(dataDirectory, file) : readStored(file);
  return { tokenPepper: tokenPepper ?? stored.tokenPepper, encryptionKey: encryptionKey ?? stored.encryptionKey };
}

function missingFile(configuration: Configuration): ConfigurationError {
  const names = (['tokenPepper', 'encryptionKey'] as const)
    .filter((key) => configuration[key] === null)
    .map((key) => SECRET_NAMES[key]);
  return new ConfigurationError(
    `"${secretsFile(configuration)}" is missing, and the database was made with the keys in it. ` +
      `Restore the file from the backup, or set ${names.join(' and ')} to what it held. Nothing was changed.`,
  );
}

function readOrCreate(dataDirectory: string, file: string): Secrets {
  const made: Secrets = {
    tokenPepper: randomBytes(32).toString('base64'),
    encryptionKey: randomBytes(32).toString('base64'),
  };
  // Written as a whole before it has its name: a start that is killed in the middle leaves no half of it.
  const draft = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flush: true });
    linkSync(draft, file);
    return made;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw new ConfigurationError(`The data directory "${dataDirectory}" cannot be written.`);
    }
  } finally {
    rmSync(draft, { force: true });
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
