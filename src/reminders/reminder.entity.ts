import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A reminder that was made. The key lets no node make it a second time (R98). */
@Entity('reminders')
export class ReminderEntity {
  @PrimaryColumn({ name: 'token_id', type: 'varchar', length: 12 })
  tokenId!: string;

  /** The threshold: whole days before the end. */
  @PrimaryColumn({ type: 'int' })
  days!: number;

  @Column({ name: 'made_at_ms', type: 'bigint', transformer: bigintAsNumber })
  madeAtMs!: number;
}
