import { hkdfSync } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { ConfigurationError } from '../config/environment.reader.js';
import type { NumberedKey } from '../config/secrets.js';
import { hasTable } from '../database/key-checks.js';
import { LastingKeyEntity } from './lasting-key.entity.js';
import { sealedColumn } from './sealed-records.js';
import { FIRST_KEY_ID, SecretBox } from './secret-box.js';

const NAME = 'audit';

/** In one line, unlike the contexts of applications, which begin with a key that an administrator chooses. */
const contextOf = ({ name }: Pick<LastingKeyEntity, 'name'>): string => `lasting-keys/${name}`;

export const LASTING_KEYS = sealedColumn({ entity: LastingKeyEntity, column: 'sealed', contextOf });

/** The lasting key of a database whose first encryption key this is. */
export function lastingKeyOf(encryptionKey: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', encryptionKey, '', 'scopegate audit chain', 32));
}

/** Stores the lasting key at the first start. @throws ConfigurationError if it cannot be had */
export async function adoptLastingKey(dataSource: DataSource, keys: readonly NumberedKey[]): Promise<Uint8Array> {
  const key = await readLastingKey(dataSource, keys);
  if (await dataSource.manager.existsBy(LastingKeyEntity, { name: NAME })) return key;
  const sealed = new SecretBox(keys).seal(Buffer.from(key).toString('base64'), contextOf({ name: NAME }));
  await dataSource
    .createQueryBuilder()
    .insert()
    .into(LastingKeyEntity)
    .values({ name: NAME, sealed, createdAtMs: Date.now() })
    .orIgnore()
    .updateEntity(false)
    .execute();
  return key;
}

/** Changes nothing. @throws ConfigurationError if it cannot be had */
export async function readLastingKey(dataSource: DataSource, keys: readonly NumberedKey[]): Promise<Uint8Array> {
  const row = (await hasTable(dataSource, LastingKeyEntity))
    ? await dataSource.manager.findOneBy(LastingKeyEntity, { name: NAME })
    : null;
  if (row === null) {
    const first = keys.find(({ id }) => id === FIRST_KEY_ID);
    if (first !== undefined) return lastingKeyOf(first.key);
    throw new ConfigurationError('The table lasting_keys has lost its row. Restore the database from the backup.');
  }
  const opened = new SecretBox(keys).open(row.sealed, contextOf(row));
  if (opened !== null) return new Uint8Array(Buffer.from(opened, 'base64'));
  throw new ConfigurationError(
    'The key of the audit chains, in the table lasting_keys, cannot be decrypted: its row was changed. Restore the ' +
      'database from the backup.',
  );
}
