import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A group of users; permissions are granted to groups. */
@Entity('user_groups')
@Index('idx_user_groups_name_key', ['nameKey'])
export class GroupEntity {
  @PrimaryColumn({ type: 'varchar', length: 255 })
  name!: string;

  /** The name in lower case: people would confuse two names that differ in case alone. */
  @Column({ name: 'name_key', type: 'varchar', length: 255, default: '' })
  nameKey!: string;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
