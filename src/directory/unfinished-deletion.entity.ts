import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { bigintAsNumber } from '../database/column-transformers.js';

/** A user or a group that has been deleted, and whose tokens or memberships are still being removed. */
@Entity('unfinished_deletions')
export class UnfinishedDeletionEntity {
  /** `user` or `group`. */
  @PrimaryColumn({ type: 'varchar', length: 16 })
  kind!: string;

  /** The id of the user, or the name of the group. */
  @PrimaryColumn({ type: 'varchar', length: 255 })
  subject!: string;

  /** Who deleted it, without the user agent, which can contain a secret (R61). */
  @Column({ type: 'json' })
  actor!: Actor;

  @Column({ name: 'begun_at_ms', type: 'bigint', transformer: bigintAsNumber })
  begunAtMs!: number;
}
