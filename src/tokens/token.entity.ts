import type { Scope } from '@scopegate/scope';
import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A keyed digest of the token, never its secret. */
@Entity('tokens')
@Index('uq_tokens_id', ['id'], { unique: true })
@Index('idx_tokens_owner', ['ownerId', 'sequence'])
@Index('idx_tokens_owner_key', ['ownerKey'])
@Index('idx_tokens_expires', ['expiresAtMs'])
@Index('idx_tokens_last_used', ['lastUsedAtMs'])
@Index('idx_tokens_description', ['description'])
@Index('idx_tokens_owner_name', ['ownerName'])
@Index('idx_tokens_revoked', ['revokedAtMs'])
@Index('idx_tokens_created', ['createdAtMs'])
export class TokenEntity {
  /** The order of creation, and the whole-number id of the vendor-compatible calls. */
  @PrimaryGeneratedColumn({ type: 'int' })
  sequence!: number;

  @Column({ type: 'varchar', length: 12 })
  id!: string;

  /** HMAC-SHA-256 of the whole token, in hexadecimal digits. */
  @Column({ type: 'varchar', length: 64 })
  digest!: string;

  @Column({ name: 'pepper_version', type: 'int' })
  pepperVersion!: number;

  @Column({ type: 'varchar', length: 64 })
  hint!: string;

  @Column({ name: 'owner_id', type: 'varchar', length: 36 })
  ownerId!: string;

  @Column({ name: 'owner_name', type: 'varchar', length: 255 })
  ownerName!: string;

  /** In lower case, for lists (R44). */
  @Column({ name: 'owner_key', type: 'varchar', length: 255, default: '' })
  ownerKey!: string;

  @Column({ name: 'creator_id', type: 'varchar', length: 36 })
  creatorId!: string;

  @Column({ name: 'created_by', type: 'varchar', length: 255 })
  createdBy!: string;

  @Column({ type: 'varchar', length: 255 })
  description!: string;

  /** A newer version may have stored an unknown one: check it with `isScope` before a decision. */
  @Column({ type: 'varchar', length: 12 })
  scope!: Scope;

  @Column({ name: 'created_at_ms', type: 'bigint', transformer: bigintAsNumber })
  createdAtMs!: number;

  @Column({ name: 'expires_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  expiresAtMs!: number | null;

  @Column({ name: 'revoked_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  revokedAtMs!: number | null;

  @Column({ name: 'revoked_by', type: 'varchar', length: 255, nullable: true })
  revokedBy!: string | null;

  @Column({ name: 'last_used_at_ms', type: 'bigint', nullable: true, transformer: bigintAsNumber })
  lastUsedAtMs!: number | null;

  @Column({ name: 'last_used_ip', type: 'varchar', length: 45, nullable: true })
  lastUsedIp!: string | null;

  @Column({ name: 'use_count', type: 'bigint', default: 0, transformer: bigintAsNumber })
  useCount!: number;

  /** Narrows the token further than the settings. */
  @Column({ name: 'allow_list', type: 'json', nullable: true })
  allowList!: readonly string[] | null;

  /** Null if the token is valid for all applications. */
  @Column({ type: 'json', nullable: true })
  applications!: readonly string[] | null;

  @Column({ name: 'successor_id', type: 'varchar', length: 12, nullable: true })
  successorId!: string | null;
}

export type NewToken = Omit<TokenEntity, 'sequence'>;

export type MintedColumns = Pick<TokenEntity, 'id' | 'digest' | 'pepperVersion' | 'hint'>;
