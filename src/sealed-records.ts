import { APPLICATION_SECRETS } from './applications/application-secrets.js';
import { DEPOSIT_SECRETS } from './identity/deposit-secrets.js';
import { SIGNING_KEY_SECRETS } from './identity/signing-key-secrets.js';
import { LASTING_KEYS } from './keys/lasting-key.js';
import type { SealedRecords } from './keys/sealed-records.js';

/** Everything that is stored encrypted. What is missing here is lost when the encryption key changes. */
export const SEALED_RECORDS: readonly SealedRecords[] = [
  APPLICATION_SECRETS,
  DEPOSIT_SECRETS,
  LASTING_KEYS,
  SIGNING_KEY_SECRETS,
];
