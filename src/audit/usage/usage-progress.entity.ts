import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../../database/column-transformers.js';

/** How far a chain of events is counted. Changed in the transaction that counts, so each event counts once. */
@Entity('usage_progress')
export class UsageProgressEntity {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  chain!: string;

  @Column({ name: 'counted_sequence', type: 'bigint', transformer: bigintAsNumber })
  countedSequence!: number;
}
