import { hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Configuration } from '../config/env.js';
import { ConfigurationError } from '../config/environment.reader.js';
import { loadSecrets, SECRET_NAMES, secretsFile, type Secrets } from '../config/secrets.js';
import { KeyCheckEntity } from './key-check.entity.js';

/** Whether stored data was made with a key; null if no data can prove it. Changes nothing. */
export type KeyEvidence = (dataSource: DataSource, secrets: Secrets) => Promise<boolean | null>;

type KeyName = keyof Secrets;

const KEY_NAMES: readonly KeyName[] = ['tokenPepper', 'encryptionKey'];

const FORMAT = 'v1';
const SALT_BYTES = 16;
const CHECK_BYTES = 32;

const LOSSES: Readonly<Record<KeyName, string>> = {
  tokenPepper: 'no token would be valid',
  encryptionKey: 'stored secrets could not be read, and the audit log could no longer be verified',
};

/** A one-way derivation with a random salt: it does not even show whether two databases have the same key. */
function checkValueOf(name: KeyName, key: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  const derived = Buffer.from(hkdfSync('sha256', key, salt, `scopegate key check: ${name}`, CHECK_BYTES));
  return [FORMAT, salt.toString('base64url'), derived.toString('base64url')].join('.');
}

function isKeyOf(checkValue: string, name: KeyName, key: string): boolean {
  const [, salt = ''] = checkValue.split('.');
  const expected = Buffer.from(checkValueOf(name, key, Buffer.from(salt, 'base64url')));
  const stored = Buffer.from(checkValue);
  return stored.length === expected.length && timingSafeEqual(stored, expected);
}

/**
 * Compares the keys with the database before anything is written to it (R110). If the database has no check values yet,
 * its data must prove the keys.
 * @param mayMake whether keys may be made for an empty database
 * @throws ConfigurationError if a key is missing or does not belong to the data
 */
export async function checkedSecrets(
  dataSource: DataSource,
  configuration: Configuration,
  evidence: KeyEvidence,
  mayMake: boolean,
): Promise<Secrets> {
  const checks = await storedChecks(dataSource);
  const isNew = checks.size === 0 && !(await holdsData(dataSource));
  const secrets = loadSecrets(configuration, mayMake && isNew);
  const wrong = wrongKeys(checks, secrets);
  if (!isNew && !checks.has('encryptionKey') && (await evidence(dataSource, secrets)) === false) {
    wrong.push('encryptionKey');
  }
  refuse(wrong, configuration);
  return secrets;
}

/** If two nodes start on an empty database with different keys, the first one wins, and the other one is refused. */
export async function adoptKeys(dataSource: DataSource, configuration: Configuration, secrets: Secrets): Promise<void> {
  const known = await storedChecks(dataSource);
  if (KEY_NAMES.some((name) => !known.has(name))) {
    const createdAtMs = Date.now();
    const rows = KEY_NAMES.map((name) => ({ name, checkValue: checkValueOf(name, secrets[name]), createdAtMs }));
    // One statement stores both, so both keys are those of one node.
    await dataSource
      .createQueryBuilder()
      .insert()
      .into(KeyCheckEntity)
      .values(rows)
      .orIgnore()
      .updateEntity(false)
      .execute();
  }
  refuse(wrongKeys(await storedChecks(dataSource), secrets), configuration);
}

async function storedChecks(dataSource: DataSource): Promise<ReadonlyMap<string, string>> {
  if (!(await hasTable(dataSource, KeyCheckEntity))) return new Map();
  const rows = await dataSource.manager.find(KeyCheckEntity);
  return new Map(rows.map(({ name, checkValue }) => [name, checkValue]));
}

async function holdsData(dataSource: DataSource): Promise<boolean> {
  if (!(await hasTable(dataSource, 'users'))) return false;
  return (await dataSource.query<unknown[]>('SELECT 1 FROM users LIMIT 1')).length > 0;
}

export async function hasTable(dataSource: DataSource, table: string | typeof KeyCheckEntity): Promise<boolean> {
  const runner = dataSource.createQueryRunner();
  try {
    return await runner.hasTable(typeof table === 'string' ? table : dataSource.getMetadata(table).tableName);
  } finally {
    await runner.release();
  }
}

function wrongKeys(checks: ReadonlyMap<string, string>, secrets: Secrets): KeyName[] {
  return KEY_NAMES.filter((name) => {
    const checkValue = checks.get(name);
    return checkValue !== undefined && !isKeyOf(checkValue, name, secrets[name]);
  });
}

/** @throws ConfigurationError in one line for all keys that are wrong */
function refuse(wrong: readonly KeyName[], configuration: Configuration): void {
  if (wrong.length === 0) return;
  const sources = wrong.map((name) =>
    configuration[name] === null ? `"${name}" in "${secretsFile(configuration)}"` : SECRET_NAMES[name],
  );
  const [is, it] = wrong.length === 1 ? ['is not the key', 'that one'] : ['are not the keys', 'those'];
  throw new ConfigurationError(
    `${sources.join(' and ')} ${is} that this database was created with: ` +
      `${wrong.map((name) => LOSSES[name]).join(', and ')}. Start with ${it}: restore ` +
      `${wrong.map((name) => `${SECRET_NAMES[name]} (or its _FILE)`).join(' and ')}, or secrets.json of the ` +
      'data directory, from the backup. Nothing was changed.',
  );
}
