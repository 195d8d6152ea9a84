import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { NumberedKey } from '../config/secrets.js';

const FORMAT = 'v2.';

/** Of earlier versions, which had one key. */
const FIRST_FORMAT = 'v1.';
export const FIRST_KEY_ID = 1;

const SEALED = /^v2\.(\d{1,9})\./;

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts stored secrets: AES-256-GCM, with a key derived from an encryption key. A sealed value opens only in its own
 * context, so a copy in another row is useless.
 */
export class SecretBox {
  readonly #keys: ReadonlyMap<number, Buffer>;
  /** Seals; the other keys only open. */
  readonly #newest: { readonly id: number; readonly key: Buffer };

  /** @param keys newest first, each with at least 32 characters of entropy */
  constructor(keys: readonly NumberedKey[]) {
    const derived = keys.map(({ id, key }) => ({ id, key: derivedKey(key) }));
    const [newest] = derived;
    if (newest === undefined) throw new Error('There is no encryption key.');
    this.#newest = newest;
    this.#keys = new Map(derived.map(({ id, key }) => [id, key]));
  }

  /** The id of the key that seals. */
  get newestKeyId(): number {
    return this.#newest.id;
  }

  /**
   * @param context the place of the value
   * @returns `v2.`, the id of the key, a dot, and base64url of nonce, ciphertext and tag
   */
  seal(secret: string, context: string): string {
    const { id, key } = this.#newest;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${prefixOfKey(id)}${sealed.toString('base64url')}`;
  }

  /** Null for another key or context, or a changed value. */
  open(sealed: string, context: string): string | null {
    const key = this.#keys.get(keyIdOf(sealed) ?? 0);
    if (key === undefined) return null;
    const bytes = Buffer.from(sealed.slice(sealed.lastIndexOf('.') + 1), 'base64url');
    if (bytes.length < IV_BYTES + TAG_BYTES) return null;
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const secret = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([secret, decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }

  /** Whether a value needs no `reseal`. */
  isNewest(sealed: string): boolean {
    return sealed.startsWith(prefixOfKey(this.newestKeyId));
  }

  /** Seals with the newest key what another key has sealed. @returns null if it cannot be opened in this context */
  reseal(sealed: string, context: string): string | null {
    if (this.isNewest(sealed)) return sealed;
    const secret = this.open(sealed, context);
    return secret === null ? null : this.seal(secret, context);
  }
}

/** With which every value begins that this key has sealed. */
export function prefixOfKey(id: number): string {
  return `${FORMAT}${id}.`;
}

/** The key that has sealed a value. Null if it is no sealed value. */
export function keyIdOf(sealed: string): number | null {
  if (sealed.startsWith(FIRST_FORMAT)) return FIRST_KEY_ID;
  const id = SEALED.exec(sealed)?.[1];
  return id === undefined ? null : Number(id);
}

function derivedKey(encryptionKey: string): Buffer {
  return Buffer.from(hkdfSync('sha256', encryptionKey, '', 'scopegate upstream credentials', 32));
}
