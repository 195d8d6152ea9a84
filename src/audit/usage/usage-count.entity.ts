import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../../database/column-transformers.js';

/** How many events of one day have the same keys (R103). */
@Entity('usage_counts')
@Index('idx_usage_counts_user', ['userKey', 'id'])
export class UsageCountEntity {
  /** From `usageId`. */
  @PrimaryColumn({ type: 'varchar', length: 32 })
  id!: string;

  /** In UTC: days since the epoch. */
  @Column({ type: 'int' })
  day!: number;

  @Column({ type: 'varchar', length: 40 })
  type!: string;

  @Column({ type: 'varchar', length: 10 })
  outcome!: string;

  @Column({ type: 'varchar', length: 40, nullable: true })
  code!: string | null;

  @Column({ name: 'user_key', type: 'varchar', length: 255, nullable: true })
  userKey!: string | null;

  /** 1 if the requests have proven a credential of the user, else 0. */
  @Column({ name: 'is_proven', type: 'int' })
  isProven!: number;

  @Column({ name: 'token_id', type: 'varchar', length: 12, nullable: true })
  tokenId!: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  application!: string | null;

  @Column({ type: 'varchar', length: 16, nullable: true })
  credential!: string | null;

  @Column({ type: 'varchar', length: 16, nullable: true })
  door!: string | null;

  @Column({ type: 'bigint', transformer: bigintAsNumber })
  events!: number;
}
