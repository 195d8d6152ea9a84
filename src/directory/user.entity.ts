import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber, numberAsBoolean } from '../database/column-transformers.js';
import { LOCAL } from './directory-user.js';

@Entity('users')
@Index('idx_users_directory', ['directory', 'id'])
@Index('uq_users_username_key', ['usernameKey'], { unique: true })
// Lists read this index alone, a page at a time.
@Index('idx_users_search', ['usernameKey', 'searchKey', 'active'])
export class UserEntity {
  /** Never used again: a later user of the same name has another id (R26). */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  username!: string;

  /** In lower case and unique (R44). */
  @Column({ name: 'username_key', type: 'varchar', length: 255 })
  usernameKey!: string;

  @Column({ name: 'display_name', type: 'varchar', length: 255 })
  displayName!: string;

  @Column({ type: 'varchar', length: 255, nullable: true })
  email!: string | null;

  /** bcrypt; null if the user cannot log in with a password. */
  @Column({ name: 'password_hash', type: 'varchar', length: 100, nullable: true })
  passwordHash!: string | null;

  @Column({ type: 'boolean', transformer: numberAsBoolean })
  active!: boolean;

  @Column({ name: 'search_key', type: 'varchar', length: 511, default: '' })
  searchKey!: string;

  /** `local`, or the key of the directory that the user comes from. */
  @Column({ type: 'varchar', length: 48, default: LOCAL })
  directory!: string;

  /** Identifies the entry in the directory; null for a local user. */
  @Column({ name: 'directory_entry', type: 'varchar', length: 64, nullable: true })
  directoryEntry!: string | null;

  /** Since when the entry is missing; null while it is there. */
  @Column({ name: 'gone_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  goneAtMs!: number | null;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
