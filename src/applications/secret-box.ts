import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const FORMAT = 'v1.';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Keeps fixed header values encrypted in the database: AES-256-GCM under a key derived once from the server's
 * encryption key. A sealed value opens only in its own context, so a copy in another row is useless.
 */
export class SecretBox {
  readonly #key: Buffer;

  /** @param encryptionKey the key of the configuration, a text with at least 32 characters of entropy */
  constructor(encryptionKey: string) {
    this.#key = Buffer.from(hkdfSync('sha256', encryptionKey, '', 'scopegate upstream credentials', 32));
  }

  /**
   * @param secret the value to keep
   * @param context where it belongs
   * @returns `v1.` and base64url of the nonce, the ciphertext and the tag
   */
  seal(secret: string, context: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return FORMAT + sealed.toString('base64url');
  }

  /**
   * @param context the one it was sealed with
   * @returns the value, or null if it was sealed under another key, for another context, or has been changed
   */
  open(sealed: string, context: string): string | null {
    if (!sealed.startsWith(FORMAT)) return null;
    const bytes = Buffer.from(sealed.slice(FORMAT.length), 'base64url');
    if (bytes.length < IV_BYTES + TAG_BYTES) return null;
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const secret = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([secret, decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }
}
