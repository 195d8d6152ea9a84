import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from './column-transformers.js';

/** A running process that judges requests. All times are the database's. */
@Entity('nodes')
export class NodeEntity {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ name: 'seen_at_ms', type: 'bigint', transformer: bigintAsNumber })
  seenAtMs!: number;

  /** Its SCOPEGATE_MAX_STALENESS_MS; null for a node of a version that does not write it. */
  @Column({ name: 'max_staleness_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  maxStalenessMs!: number | null;

  /** The id of the newest line of the change log in its last confirmation (R78); null before the first one. */
  @Column({ name: 'acted_up_to', type: 'int', nullable: true })
  actedUpTo!: number | null;

  @Column({ name: 'acted_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  actedAtMs!: number | null;

  /** Null in this and the next columns: a node of a version that does not write them. */
  @Column({ type: 'varchar', length: 32, nullable: true })
  version!: string | null;

  /** At the last sign of life: how long ago the node last acted on everything in the change log. */
  @Column({ name: 'lag_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  lagMs!: number | null;

  /** Audit events in its journal that are not in the database yet. */
  @Column({ name: 'journal_bytes', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  journalBytes!: number | null;
}
