import type { KeyUses } from './keys/key-uses.js';
import { SEALED_RECORDS } from './sealed-records.js';
import { TOKEN_DIGESTS } from './tokens/token-digests.js';

export const KEY_USES: KeyUses = { tokenPepper: [TOKEN_DIGESTS], encryptionKey: SEALED_RECORDS };
