import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A login that has succeeded: on every node, its callback opens no second session (R96). */
@Entity('used_oidc_logins')
@Index('idx_used_oidc_logins_expires', ['expiresAtMs'])
export class UsedLoginEntity {
  /** SHA-256 of the state, base64url. */
  @PrimaryColumn({ name: 'state_digest', type: 'varchar', length: 43 })
  stateDigest!: string;

  /** From then on, the attempt is over anyway. */
  @Column({ name: 'expires_at_ms', type: 'bigint', transformer: bigintAsNumber })
  expiresAtMs!: number;
}
