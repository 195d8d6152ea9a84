import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

@Entity('user_groups')
@Index('idx_user_groups_name_key', ['nameKey'])
export class GroupEntity {
  @PrimaryColumn({ type: 'varchar', length: 255 })
  name!: string;

  /** In lower case: people would confuse two names that differ only in case. */
  @Column({ name: 'name_key', type: 'varchar', length: 255, default: '' })
  nameKey!: string;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
