import { hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Configuration } from '../config/env.js';
import { ConfigurationError } from '../config/environment.reader.js';
import {
  KEY_NAMES,
  loadKeys,
  SECRET_NAMES,
  secretsFile,
  type ConfiguredKeys,
  type KeyName,
  type NumberedKey,
  type NumberedKeys,
} from '../config/secrets.js';
import type { KeyUses } from '../keys/key-uses.js';
import { countUses } from '../keys/keyed-records.js';
import { KeyCheckEntity } from './key-check.entity.js';

/** What the stored data shows of keys. Changes nothing. */
export interface KeyEvidence {
  /** Whether the data was made with this encryption key; null if no data can prove it. */
  wasMadeWith(dataSource: DataSource, encryptionKey: string): Promise<boolean | null>;
  readonly uses: KeyUses;
}

/** Of one key. */
interface KeyCheck {
  readonly name: KeyName;
  readonly number: number;
  readonly checkValue: string;
}

const FORMAT = 'v1';
const SALT_BYTES = 16;
const CHECK_BYTES = 32;

/** Rounds in which nodes that start at once may take the number of each other. */
const MAX_ROUNDS = 100;

const LOSSES: Readonly<Record<KeyName, string>> = {
  tokenPepper: 'no token would be valid',
  encryptionKey: 'stored secrets could not be read, and the audit log could no longer be verified',
};

const NEEDS: Readonly<Record<KeyName, { readonly one: string; readonly many: string; readonly moves: string }>> = {
  tokenPepper: {
    one: '1 token still needs it',
    many: 'tokens still need it',
    moves: 'A token moves to the newest key at its next use. Revoke tokens that are not used any more',
  },
  encryptionKey: {
    one: '1 stored secret still needs it',
    many: 'stored secrets still need it',
    moves: 'A running server moves stored secrets to the newest key within minutes',
  },
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
 * its data must prove the oldest key.
 * @param mayMake whether keys may be made for an empty database
 * @throws ConfigurationError if a key is missing, does not belong to the data, or was taken away and is needed (R76)
 */
export async function checkedKeys(
  dataSource: DataSource,
  configuration: Configuration,
  evidence: KeyEvidence,
  mayMake: boolean,
): Promise<ConfiguredKeys> {
  const checks = await storedChecks(dataSource);
  const isNew = checks.length === 0 && !(await holdsData(dataSource));
  const keys = loadKeys(configuration, mayMake && isNew);
  const wrong = wrongKeys(checks, keys);
  const isUnchecked = !isNew && !checks.some(({ name }) => name === 'encryptionKey');
  if (isUnchecked && (await evidence.wasMadeWith(dataSource, keys.encryptionKey.at(-1) ?? '')) === false) {
    wrong.push('encryptionKey');
  }
  refuse(wrong, configuration);
  await refuseTakenAway(dataSource, checks, keys, evidence.uses);
  return keys;
}

/**
 * Stores check values of keys that are new. If two nodes start on an empty database with different keys, the first one
 * wins, and the other one is refused.
 */
export async function adoptKeys(
  dataSource: DataSource,
  configuration: Configuration,
  keys: ConfiguredKeys,
): Promise<NumberedKeys> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const checks = await storedChecks(dataSource);
    refuse(wrongKeys(checks, keys), configuration);
    const rows = newChecks(checks, keys);
    if (rows.length === 0) return numberedKeys(checks, keys);
    const createdAtMs = Date.now();
    // One statement stores the first keys of both kinds, so both are those of one node.
    await dataSource
      .createQueryBuilder()
      .insert()
      .into(KeyCheckEntity)
      .values(rows.map(({ name, number, checkValue }) => ({ name: rowNameOf(name, number), checkValue, createdAtMs })))
      .orIgnore()
      .updateEntity(false)
      .execute();
  }
  throw new ConfigurationError('Many nodes with different keys start at the same time. Start again.');
}

/** For a command that only reads: without keys that no server has started with yet. */
export async function knownKeys(dataSource: DataSource, keys: ConfiguredKeys): Promise<NumberedKeys> {
  const checks = await storedChecks(dataSource);
  return numberedKeys([...checks, ...firstChecks(checks, keys)], keys);
}

/** The first keys if there are none; else the oldest key of each kind that is new. */
function newChecks(checks: readonly KeyCheck[], keys: ConfiguredKeys): readonly KeyCheck[] {
  const first = firstChecks(checks, keys);
  if (first.length > 0) return first;
  return KEY_NAMES.flatMap((name) => {
    const key = keys[name].findLast((candidate) => numberOf(checks, name, candidate) === null);
    const number = 1 + Math.max(...checks.filter((check) => check.name === name).map((check) => check.number));
    return key === undefined ? [] : [{ name, number, checkValue: checkValueOf(name, key) }];
  });
}

/** The oldest key of each kind that has no check value at all. */
function firstChecks(checks: readonly KeyCheck[], keys: ConfiguredKeys): readonly KeyCheck[] {
  return KEY_NAMES.filter((name) => !checks.some((check) => check.name === name)).map((name) => ({
    name,
    number: 1,
    checkValue: checkValueOf(name, keys[name].at(-1) ?? ''),
  }));
}

function numberedKeys(checks: readonly KeyCheck[], keys: ConfiguredKeys): NumberedKeys {
  const numbered = (name: KeyName): readonly NumberedKey[] =>
    keys[name].flatMap((key) => {
      const id = numberOf(checks, name, key);
      return id === null ? [] : [{ id, key }];
    });
  return { tokenPepper: numbered('tokenPepper'), encryptionKey: numbered('encryptionKey') };
}

/** Null if the database does not know the key. */
function numberOf(checks: readonly KeyCheck[], name: KeyName, key: string): number | null {
  return checks.find((check) => check.name === name && isKeyOf(check.checkValue, name, key))?.number ?? null;
}

async function storedChecks(dataSource: DataSource): Promise<readonly KeyCheck[]> {
  if (!(await hasTable(dataSource, KeyCheckEntity))) return [];
  const rows = await dataSource.manager.find(KeyCheckEntity);
  return rows.flatMap((row) => {
    const [kind, number = '1'] = row.name.split('.');
    const name = KEY_NAMES.find((candidate) => candidate === kind);
    return name === undefined ? [] : [{ name, number: Number(number), checkValue: row.checkValue }];
  });
}

function rowNameOf(name: KeyName, number: number): string {
  return number === 1 ? name : `${name}.${number}`;
}

async function holdsData(dataSource: DataSource): Promise<boolean> {
  if (!(await hasTable(dataSource, 'users'))) return false;
  return (await dataSource.query<unknown[]>('SELECT 1 FROM users LIMIT 1')).length > 0;
}

export async function hasTable(dataSource: DataSource, table: string | (new () => object)): Promise<boolean> {
  const runner = dataSource.createQueryRunner();
  try {
    return await runner.hasTable(typeof table === 'string' ? table : dataSource.getMetadata(table).tableName);
  } finally {
    await runner.release();
  }
}

/** Names of kinds of which the database has keys, but none of these. */
function wrongKeys(checks: readonly KeyCheck[], keys: ConfiguredKeys): KeyName[] {
  return KEY_NAMES.filter(
    (name) =>
      checks.some((check) => check.name === name) && keys[name].every((key) => numberOf(checks, name, key) === null),
  );
}

/** @throws ConfigurationError in one line for all keys that are missing and that stored data needs (R76) */
async function refuseTakenAway(
  dataSource: DataSource,
  checks: readonly KeyCheck[],
  keys: ConfiguredKeys,
  uses: KeyUses,
): Promise<void> {
  const problems: string[] = [];
  for (const name of KEY_NAMES) {
    const missing = checks.filter(
      (check) => check.name === name && keys[name].every((key) => !isKeyOf(check.checkValue, name, key)),
    );
    if (missing.length === 0) continue;
    const records = [];
    for (const record of uses[name]) if (await hasTable(dataSource, record.entity)) records.push(record);
    const counts = await countUses(dataSource.manager, records);
    for (const { number } of missing) {
      const count = counts.get(number) ?? 0;
      if (count > 0) problems.push(takenAwayText(name, number, count));
    }
  }
  if (problems.length > 0) throw new ConfigurationError(`${problems.join(' ')} Nothing was changed.`);
}

function takenAwayText(name: KeyName, id: number, count: number): string {
  const { one, many, moves } = NEEDS[name];
  return (
    `${SECRET_NAMES[name]}: the key with the id ${id} was taken away, and ${count === 1 ? one : `${count} ${many}`}. ` +
    `Put it back at the end of the list, and take it away when GET /api/v1/keys shows 0 for it. ${moves}.`
  );
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
      'data directory, from the backup. To change a key, put the new one in front of the old one, with a blank ' +
      'between them. Nothing was changed.',
  );
}
