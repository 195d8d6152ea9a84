import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

@Entity('token_use_progress')
export class TokenUseProgressEntity {
  /** The name of the chain, which the journal's folder keeps. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  chain!: string;

  @Column({ name: 'journal_segment', type: 'bigint', transformer: bigintAsNumber })
  journalSegment!: number;

  @Column({ name: 'journal_offset', type: 'bigint', transformer: bigintAsNumber })
  journalOffset!: number;

  /** The last counted batch, to recognise a batch whose answer was lost. */
  @Column({ type: 'varchar', length: 36 })
  batch!: string;
}
