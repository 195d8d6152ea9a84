import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from './column.transformers.js';

/** A running node, as long as it says so. */
@Entity('nodes')
export class NodeEntity {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ name: 'seen_at_ms', type: 'bigint', transformer: bigintAsNumber })
  seenAtMs!: number;
}
