import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';
import { LOCAL } from './directory-user.js';

@Entity('user_groups')
@Index('idx_user_groups_name_key', ['nameKey'])
@Index('idx_user_groups_directory', ['directory'])
export class GroupEntity {
  @PrimaryColumn({ type: 'varchar', length: 255 })
  name!: string;

  /** In lower case: people would confuse two names that differ only in case. */
  @Column({ name: 'name_key', type: 'varchar', length: 255, default: '' })
  nameKey!: string;

  /** `local`, or the key of the directory that the group comes from. */
  @Column({ type: 'varchar', length: 48, default: LOCAL })
  directory!: string;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
