import { APPLICATION_SECRETS } from './applications/application-secrets.js';
import { DIRECTORY_PASSWORDS } from './directory/ldap/directory-passwords.js';
import { DEPOSIT_SECRETS } from './identity/deposit-secrets.js';
import { SIGNING_KEY_SECRETS } from './identity/signing-key-secrets.js';
import type { KeyUses } from './keys/key-uses.js';
import { LASTING_KEYS } from './keys/lasting-key.js';
import { TOKEN_DIGESTS } from './tokens/token-digests.js';

/** What is missing here is lost when its key changes. */
export const KEY_USES: KeyUses = {
  tokenPepper: [TOKEN_DIGESTS],
  encryptionKey: [APPLICATION_SECRETS, DEPOSIT_SECRETS, DIRECTORY_PASSWORDS, LASTING_KEYS, SIGNING_KEY_SECRETS],
};
