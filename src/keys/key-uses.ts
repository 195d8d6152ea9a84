import type { KeyName } from '../config/secrets.js';
import type { KeyedRecords } from './keyed-records.js';
import type { SealedRecords } from './sealed-records.js';

export const KEY_USES_PROVIDER = Symbol('KeyUses');

/** Everything that rests on each kind of key. */
export interface KeyUses extends Readonly<Record<KeyName, readonly KeyedRecords[]>> {
  readonly encryptionKey: readonly SealedRecords[];
}
