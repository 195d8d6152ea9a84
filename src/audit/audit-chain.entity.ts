import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

@Entity('audit_chains')
export class AuditChainEntity {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  chain!: string;

  /** 0 before the first event. */
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  sequence!: number;

  @Column({ type: 'varchar', length: 64 })
  link!: string;

  /** The events up to this one are purged after their retention. Set before they are removed. */
  @Column({ name: 'purged_sequence', type: 'bigint', transformer: bigintAsNumber })
  purgedSequence!: number;

  /** Null for the chain of changes, which has no journal. */
  @Column({ name: 'journal_segment', type: 'int', nullable: true })
  journalSegment!: number | null;

  @Column({ name: 'journal_offset', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  journalOffset!: number | null;

  /** Repeated failures that are counted and not stored yet. */
  @Column({ type: 'json', nullable: true })
  held!: object | null;

  /** A keyed digest of the head: proves that a node has set it. */
  @Column({ type: 'varchar', length: 64 })
  seal!: string;
}
