import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from './column-transformers.js';

/** Shows whether a key is the one that the data was made with (R110), without revealing the key. */
@Entity('key_checks')
export class KeyCheckEntity {
  /** `tokenPepper` or `encryptionKey`, each from its second key on with a dot and a number: `tokenPepper.2`. */
  @PrimaryColumn({ type: 'varchar', length: 32 })
  name!: string;

  /** `v1.`, a random salt, a dot, and the value derived from the key and the salt; both in base64url. */
  @Column({ name: 'check_value', type: 'varchar', length: 128 })
  checkValue!: string;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;
}
