import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** How far the uses of tokens in a journal have been counted. The transaction that counts them changes it. */
@Entity('token_use_progress')
export class TokenUseProgressEntity {
  /** The chain that the journal feeds; its folder keeps the name. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  chain!: string;

  @Column({ name: 'journal_segment', type: 'bigint', transformer: bigintAsNumber })
  journalSegment!: number;

  @Column({ name: 'journal_offset', type: 'bigint', transformer: bigintAsNumber })
  journalOffset!: number;

  /** The id of the last batch that was counted, to recognise a batch whose answer was lost. */
  @Column({ type: 'varchar', length: 36 })
  batch!: string;
}
