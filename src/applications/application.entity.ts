import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

@Entity('applications')
@Index('uq_applications_mount_key', ['mountKey'], { unique: true })
export class ApplicationEntity {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  key!: string;

  /** Host and path prefix in one text, unique in the database. */
  @Column({ name: 'mount_key', type: 'varchar', length: 512 })
  mountKey!: string;

  /** Without key and warnings; fixed header values are encrypted. */
  @Column({ type: 'json' })
  body!: object;

  @Column({ type: 'int' })
  version!: number;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
