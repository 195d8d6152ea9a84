import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A key that stays the same when the keys of the configuration change. */
@Entity('lasting_keys')
export class LastingKeyEntity {
  @PrimaryColumn({ type: 'varchar', length: 32 })
  name!: string;

  /** Base64 of its bytes, encrypted. */
  @Column({ type: 'varchar', length: 255 })
  sealed!: string;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
