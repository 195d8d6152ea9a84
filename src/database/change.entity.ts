import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { bigintAsNumber } from './column-transformers.js';

/** One line of the change log, which tells the other nodes what to read again (R64). */
@Entity('change_log')
export class ChangeEntity {
  @PrimaryGeneratedColumn({ type: 'int' })
  id!: number;

  @Column({ type: 'varchar', length: 32 })
  topic!: string;

  @Column({ name: 'subject', type: 'varchar', length: 255 })
  subject!: string;

  @Column({ name: 'at_ms', type: 'bigint', transformer: bigintAsNumber })
  atMs!: number;

  /** A random id of the transaction that wrote the line: shows whether it is stored. Empty in old lines. */
  @Index('idx_change_log_change_set')
  @Column({ name: 'change_set', type: 'varchar', length: 32, default: '' })
  changeSet!: string;
}
