import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column.transformers.js';

/** A cookie that an upstream set on a token's behalf: it stays bound to the token (R11). */
@Entity('bound_cookies')
@Index('idx_bound_cookies_token', ['tokenId'])
@Index('idx_bound_cookies_seen', ['seenAtMs'])
export class BoundCookieEntity {
  /** HMAC-SHA-256 of application, name and value, in hexadecimal digits. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  digest!: string;

  @Column({ name: 'token_id', type: 'varchar', length: 12 })
  tokenId!: string;

  @Column({ type: 'varchar', length: 64 })
  application!: string;

  @Column({ name: 'seen_at_ms', type: 'bigint', transformer: bigintAsNumber })
  seenAtMs!: number;
}
