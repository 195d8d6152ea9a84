import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** Events hold names, and cannot change. So the audit log finds those of a renamed user by the former names (R97). */
@Entity('former_user_names')
@Index('idx_former_user_names_current', ['currentKey'])
@Index('idx_former_user_names_user', ['userId'])
export class FormerNameEntity {
  @PrimaryGeneratedColumn({ type: 'int' })
  id!: number;

  @Column({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  /** Both in lower case (R44). */
  @Column({ name: 'former_key', type: 'varchar', length: 255 })
  formerKey!: string;

  @Column({ name: 'current_key', type: 'varchar', length: 255 })
  currentKey!: string;

  /** When the user got the former name. Another user can have had it before. */
  @Column({ name: 'from_ms', type: 'bigint', transformer: bigintAsNumber })
  fromMs!: number;

  /** When the user was renamed. Another user can have it now. */
  @Column({ name: 'until_ms', type: 'bigint', transformer: bigintAsNumber })
  untilMs!: number;
}
