import { sealOf, type ChainHead } from '@scopegate/audit';
import { HmacKey } from '@scopegate/kernel';
import type { DataSource } from 'typeorm';
import { hasTable } from '../database/key-checks.js';

/** Whole numbers and JSON may be texts, depending on the driver. */
interface HeadRow {
  readonly chain: string;
  readonly sequence: number | string;
  readonly link: string;
  readonly purged: number | string;
  readonly held: unknown;
  readonly seal: string;
}

/**
 * Whether a stored head was sealed with this key (R110); null if there is no chain. One is enough: another head may
 * have been tampered with, which the verification finds.
 */
export async function wasSealedWith(dataSource: DataSource, chainKey: Uint8Array): Promise<boolean | null> {
  if (!(await hasTable(dataSource, 'audit_chains'))) return null;
  // Plain SQL, because the tables may be those of an earlier version.
  const rows = await dataSource.query<HeadRow[]>(
    'SELECT chain, sequence, link, purged_sequence AS purged, held, seal FROM audit_chains',
  );
  if (rows.length === 0) return null;
  const key = new HmacKey(chainKey);
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
