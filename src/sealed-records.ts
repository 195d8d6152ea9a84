import { APPLICATION_SECRETS } from './applications/application-secrets.js';
import { DEPOSIT_SECRETS } from './identity/deposit-secrets.js';
import { SIGNING_KEY_SECRETS } from './identity/signing-key-secrets.js';
import type { SealedRecords } from './keys/sealed-records.js';

/** Everything that is stored encrypted. What is missing here is lost when the encryption key changes. */
export const SEALED_RECORDS: readonly SealedRecords[] = [APPLICATION_SECRETS, DEPOSIT_SECRETS, SIGNING_KEY_SECRETS];
