import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** The head of a chain of audit events, and how far the journal it is fed from has been shipped. */
@Entity('audit_chains')
export class AuditChainEntity {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  chain!: string;

  /** The sequence of the newest event; 0 before the first. */
  @Column({ type: 'bigint', transformer: bigintAsNumber })
  sequence!: number;

  /** The link of the newest event. */
  @Column({ type: 'varchar', length: 64 })
  link!: string;

  /** The events up to this one are purged after their retention. Set before they are removed. */
  @Column({ name: 'purged_sequence', type: 'bigint', transformer: bigintAsNumber })
  purgedSequence!: number;

  /** Up to where the node's journal has been shipped; null for the chain of changes, which has no journal. */
  @Column({ name: 'journal_segment', type: 'int', nullable: true })
  journalSegment!: number | null;

  @Column({ name: 'journal_offset', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  journalOffset!: number | null;

  /** Repeated failures that are counted and not stored yet. */
  @Column({ type: 'json', nullable: true })
  held!: object | null;

  /** A keyed digest of the head: only a node can make it. */
  @Column({ type: 'varchar', length: 64 })
  seal!: string;
}
