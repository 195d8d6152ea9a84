import { hkdfSync } from 'node:crypto';
import { sealOf, type ChainHead } from '@scopegate/audit';
import { HmacKey } from '@scopegate/kernel';
import type { DataSource } from 'typeorm';
import type { Secrets } from '../config/secrets.js';
import { hasTable } from '../database/key-checks.js';

/** The key of the chains, derived from the encryption key. */
export function chainKeyOf(secrets: Secrets): HmacKey {
  return new HmacKey(chainKeyBytesOf(secrets));
}

/** The bytes of that key. */
export function chainKeyBytesOf(secrets: Secrets): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secrets.encryptionKey, '', 'scopegate audit chain', 32));
}

/** A row as the drivers return it: whole numbers and JSON may be texts. */
interface HeadRow {
  readonly chain: string;
  readonly sequence: number | string;
  readonly link: string;
  readonly purged: number | string;
  readonly held: unknown;
  readonly seal: string;
}

/**
 * Whether the heads of the stored chains were sealed with this encryption key (R110); null if there is no chain. One that
 * was is enough: another one may have been tampered with, which the verification finds.
 */
export async function wasSealedWith(dataSource: DataSource, secrets: Secrets): Promise<boolean | null> {
  if (!(await hasTable(dataSource, 'audit_chains'))) return null;
  // Plain SQL, since the tables may be those of an earlier version.
  const rows = await dataSource.query<HeadRow[]>(
    'SELECT chain, sequence, link, purged_sequence AS purged, held, seal FROM audit_chains',
  );
  if (rows.length === 0) return null;
  const key = chainKeyOf(secrets);
  return rows.some((row) => sealOf(key, headOf(row)) === row.seal);
}

function headOf({ chain, sequence, link, purged, held }: HeadRow): ChainHead {
  return {
    chain,
    sequence: Number(sequence),
    link,
    purgedSequence: Number(purged),
    held: typeof held === 'string' ? (JSON.parse(held) as unknown) : (held ?? null),
  };
}
