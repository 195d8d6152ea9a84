import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber, numberAsBoolean } from '../database/column-transformers.js';
import type { DepositType } from './deposit.js';

/** A user's own credential for the upstream of an application (R68). */
@Entity('deposits')
@Index('idx_deposits_user', ['userId', 'application'])
@Index('idx_deposits_username', ['application', 'username', 'userId'])
export class DepositEntity {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  application!: string;

  @PrimaryColumn({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  /** Of the user. */
  @Column({ type: 'varchar', length: 255 })
  username!: string;

  /** Random. Changes with every deposit and every try, so that a late refusal does not concern a newer credential. */
  @Column({ type: 'varchar', length: 36 })
  version!: string;

  /** Of the upstream that it was tried at. It is never sent to another one. */
  @Column({ type: 'varchar', length: 2048 })
  endpoint!: string;

  /** Type, user name and secret, encrypted for this application, user and endpoint. */
  @Column({ type: 'text' })
  sealed!: string;

  @Column({ type: 'varchar', length: 16 })
  type!: DepositType;

  @Column({ type: 'varchar', length: 16 })
  hint!: string;

  /** As the upstream named it. */
  @Column({ name: 'upstream_account', type: 'varchar', length: 255 })
  upstreamAccount!: string;

  /** The upstream refused it. */
  @Column({ name: 'is_rejected', type: 'boolean', transformer: numberAsBoolean })
  isRejected!: boolean;

  @Column({ name: 'deposited_at_ms', type: 'bigint', transformer: bigintAsNumber })
  depositedAtMs!: number;

  @Column({ name: 'checked_at_ms', type: 'bigint', transformer: bigintAsNumber })
  checkedAtMs!: number;

  /** Exact to the minute. */
  @Column({ name: 'last_used_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  lastUsedAtMs!: number | null;
}
