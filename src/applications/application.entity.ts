import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** An application that the gateway protects. */
@Entity('applications')
@Index('uq_applications_mount_key', ['mountKey'], { unique: true })
export class ApplicationEntity {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  key!: string;

  /** The mount in one text, so that the database refuses to take it twice: `host|prefix`. */
  @Column({ name: 'mount_key', type: 'varchar', length: 512 })
  mountKey!: string;

  /** The document without the key and the warnings; fixed header values stand in it encrypted. */
  @Column({ type: 'json' })
  body!: object;

  @Column({ type: 'int' })
  version!: number;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
