import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A mail that is to be sent. It has no text: that is written from what holds when it is sent. */
@Entity('mails')
@Index('idx_mails_next', ['nextAtMs'])
export class MailEntity {
  @PrimaryColumn({ name: 'token_id', type: 'varchar', length: 12 })
  tokenId!: string;

  /** As `occasionText` writes it. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  occasion!: string;

  /** Who gets it. */
  @PrimaryColumn({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  @Column({ name: 'made_at_ms', type: 'bigint', transformer: bigintAsNumber })
  madeAtMs!: number;

  /** Not before this time. */
  @Column({ name: 'next_at_ms', type: 'bigint', transformer: bigintAsNumber })
  nextAtMs!: number;

  @Column({ type: 'int' })
  attempts!: number;

  /** Set before it is sent. If the process dies meanwhile, nobody sends it again: it may have been taken. */
  @Column({ name: 'sending_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  sendingAtMs!: number | null;
}
