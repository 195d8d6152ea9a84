import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A keyed digest of the session, never its secret (R11). */
@Entity('token_sessions')
@Index('idx_token_sessions_token', ['tokenId', 'lastUsedAtMs'])
@Index('idx_token_sessions_used', ['lastUsedAtMs'])
export class TokenSessionEntity {
  @PrimaryColumn({ type: 'varchar', length: 12 })
  id!: string;

  /** HMAC-SHA-256 of the whole session, in hexadecimal digits. */
  @Column({ type: 'varchar', length: 64 })
  digest!: string;

  @Column({ name: 'pepper_version', type: 'int' })
  pepperVersion!: number;

  @Column({ name: 'token_id', type: 'varchar', length: 12 })
  tokenId!: string;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;

  /** Exact to the minute. */
  @Column({ name: 'last_used_at_ms', type: 'bigint', transformer: bigintAsNumber })
  lastUsedAtMs!: number;
}
