import { sealedColumn, type SealedRecords } from '../keys/sealed-records.js';
import { contextOf } from './signing-key.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** A change of the encryption key moves the keys of assertions, too (R76). */
export const SIGNING_KEY_SECRETS: SealedRecords = sealedColumn({
  entity: SigningKeyEntity,
  column: 'sealed',
  contextOf,
});
