import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A key that signs assertions (R72). */
@Entity('signing_keys')
export class SigningKeyEntity {
  /** Counts the keys from 1. Two nodes that make a key at the same time choose the same number, so one of them fails. */
  @PrimaryColumn({ type: 'bigint', transformer: bigintAsNumber })
  generation!: number;

  /** The `kid`: the thumbprint of the public key (RFC 7638). */
  @Column({ type: 'varchar', length: 64 })
  id!: string;

  /** The private key, encrypted. The public one follows from it: a row that someone adds never becomes a valid key. */
  @Column({ type: 'text' })
  sealed!: string;

  /** By the database's clock. */
  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
