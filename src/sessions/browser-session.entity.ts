import type { LoginMethod } from '@scopegate/access';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A keyed digest of the value of the cookie, never the value (R99). */
@Entity('browser_sessions')
@Index('uq_browser_sessions_digest', ['digest'], { unique: true })
@Index('idx_browser_sessions_user', ['userId', 'lastSeenAtMs'])
@Index('idx_browser_sessions_seen', ['lastSeenAtMs'])
export class BrowserSessionEntity {
  /** Names the session in our own records. The cookie does not contain it. */
  @PrimaryColumn({ type: 'varchar', length: 12 })
  id!: string;

  /** HMAC-SHA-256 of the value, in hexadecimal digits. */
  @Column({ type: 'varchar', length: 64 })
  digest!: string;

  @Column({ name: 'pepper_version', type: 'int' })
  pepperVersion!: number;

  @Column({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  @Column({ type: 'varchar', length: 16 })
  method!: LoginMethod;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;

  /** Exact to the minute. */
  @Column({ name: 'last_seen_at_ms', type: 'bigint', transformer: bigintAsNumber })
  lastSeenAtMs!: number;

  /** Of the login, or of the last step-up. */
  @Column({ name: 'authenticated_at_ms', type: 'bigint', transformer: bigintAsNumber })
  authenticatedAtMs!: number;
}
