import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import type { AgedKey } from '@scopegate/upstream';
import type { SecretBox } from '../keys/secret-box.js';
import type { SigningKeyEntity } from './signing-key.entity.js';

export const ASSERTION_ALGORITHM = 'ES256';

/** As published: the public half alone. */
export interface PublicKey {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: string;
}

export interface SigningKey extends AgedKey {
  readonly publicKey: PublicKey;
  readonly privateKey: CryptoKey;
}

/** A sealed key opens only in its own row. */
export function contextOf({ generation, id }: Pick<SigningKeyEntity, 'generation' | 'id'>): string {
  return `signing-key\n${generation}\n${id}`;
}

export async function makeSigningKey(
  box: SecretBox,
): Promise<(generation: number) => Pick<SigningKeyEntity, 'id' | 'sealed'>> {
  const { privateKey } = await generateKeyPair(ASSERTION_ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const id = await calculateJwkThumbprint(jwk);
  return (generation) => ({ id, sealed: box.seal(JSON.stringify(jwk), contextOf({ generation, id })) });
}

/** Null if it was encrypted with another key, or its row was changed. */
export async function openSigningKey(box: SecretBox, row: SigningKeyEntity): Promise<SigningKey | null> {
  const opened = box.open(row.sealed, contextOf(row));
  if (opened === null) return null;
  const jwk = JSON.parse(opened) as JWK;
  const privateKey = await importJWK(jwk, ASSERTION_ALGORITHM);
  if (privateKey instanceof Uint8Array) return null;
  const { kty = '', crv = '', x = '', y = '' } = jwk;
  return {
    generation: row.generation,
    createdAtMs: row.createdAtMs,
    privateKey,
    // Named one by one, so that `d`, the private part, is never published.
    publicKey: { kty, crv, x, y, kid: row.id, alg: ASSERTION_ALGORITHM, use: 'sig' },
  };
}
