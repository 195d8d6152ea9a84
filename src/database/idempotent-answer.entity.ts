import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from './column-transformers.js';

/** Stores what a call with an `Idempotency-Key` has made, for 24 hours. */
@Entity('idempotent_answers')
export class IdempotentAnswerEntity {
  /** A keyed digest of the caller, the path and the `Idempotency-Key`. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  /** A keyed digest of the body, which may contain a password. */
  @Column({ name: 'body_digest', type: 'varchar', length: 64 })
  bodyDigest!: string;

  /** The answer without its secret. */
  @Column({ type: 'json' })
  answer!: object;

  @Column({ type: 'varchar', length: 32, nullable: true })
  etag!: string | null;

  @Index('idx_idempotent_answers_created')
  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
