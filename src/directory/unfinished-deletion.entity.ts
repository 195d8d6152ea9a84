import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { bigintAsNumber } from '../database/column-transformers.js';

/** Tokens of a user or memberships of a group are still being removed, or tokens of a user get its new name. */
@Entity('unfinished_deletions')
export class UnfinishedDeletionEntity {
  /** A `DeletionKind`. */
  @PrimaryColumn({ type: 'varchar', length: 16 })
  kind!: string;

  /** The id of a user, or the name of a group. */
  @PrimaryColumn({ type: 'varchar', length: 255 })
  subject!: string;

  /** Without the user agent, which can contain a secret (R61). */
  @Column({ type: 'json' })
  actor!: Actor;

  @Column({ name: 'begun_at_ms', type: 'bigint', transformer: bigintAsNumber })
  begunAtMs!: number;
}
