import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../../database/column-transformers.js';

/** A directory of users and groups, and how its synchronisation is going. */
@Entity('directories')
export class DirectoryEntity {
  @PrimaryColumn({ type: 'varchar', length: 48 })
  key!: string;

  @Column({ type: 'int' })
  version!: number;

  /** Without the password. */
  @Column({ type: 'json' })
  body!: object;

  /** The bind password, encrypted. */
  @Column({ name: 'sealed_password', type: 'text', nullable: true })
  sealedPassword!: string | null;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;

  @Column({ name: 'last_sync_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  lastSyncAtMs!: number | null;

  @Column({ name: 'last_success_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  lastSuccessAtMs!: number | null;

  /** Null: the last synchronisation had an answer. */
  @Column({ type: 'varchar', length: 255, nullable: true })
  failure!: string | null;

  /** What waits to be confirmed. */
  @Column({ type: 'json', nullable: true })
  waiting!: object | null;

  /** Users and groups that the last synchronisation did not let in. */
  @Column({ type: 'json', nullable: true })
  conflicts!: readonly object[] | null;

  /** Active ones, after the last synchronisation. */
  @Column({ name: 'user_count', type: 'int' })
  userCount!: number;

  @Column({ name: 'group_count', type: 'int' })
  groupCount!: number;
}
