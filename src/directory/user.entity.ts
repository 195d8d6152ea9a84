import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber, numberAsBoolean } from '../database/column-transformers.js';

/** A user of Scopegate's own directory. */
@Entity('users')
@Index('uq_users_username_key', ['usernameKey'], { unique: true })
// Lists are read from this index alone, a page at a time.
@Index('idx_users_search', ['usernameKey', 'searchKey', 'active'])
export class UserEntity {
  /** Never given again: a new user of the same name is somebody else (R26). */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** The name as it was written. */
  @Column({ type: 'varchar', length: 255 })
  username!: string;

  /** The name without case, by which users are told apart (R44). */
  @Column({ name: 'username_key', type: 'varchar', length: 255 })
  usernameKey!: string;

  @Column({ name: 'display_name', type: 'varchar', length: 255 })
  displayName!: string;

  @Column({ type: 'varchar', length: 255, nullable: true })
  email!: string | null;

  /** bcrypt; null for a user who cannot log in by password. */
  @Column({ name: 'password_hash', type: 'varchar', length: 100, nullable: true })
  passwordHash!: string | null;

  @Column({ type: 'boolean', transformer: numberAsBoolean })
  active!: boolean;

  /** What else than the name a user is searched by (`searchKeyOf`). */
  @Column({ name: 'search_key', type: 'varchar', length: 511, default: '' })
  searchKey!: string;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
