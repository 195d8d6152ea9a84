import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/**
 * A stored audit event. The id is time-ordered, so that it is the paging key of every list; each filter has an index
 * that ends in it.
 */
@Entity('audit_events')
@Index('uq_audit_events_chain', ['chain', 'chainSequence'], { unique: true })
@Index('idx_audit_events_at', ['atMs'])
@Index('idx_audit_events_type', ['type', 'id'])
@Index('idx_audit_events_outcome', ['outcome', 'id'])
@Index('idx_audit_events_code', ['code', 'id'])
@Index('idx_audit_events_actor', ['actorKey', 'id'])
@Index('idx_audit_events_owner', ['ownerKey', 'id'])
@Index('idx_audit_events_token', ['tokenId', 'id'])
@Index('idx_audit_events_client_ip', ['clientIp', 'id'])
@Index('idx_audit_events_application', ['application', 'id'])
@Index('idx_audit_events_request', ['requestId'])
export class AuditEventEntity {
  @PrimaryColumn({ type: 'varchar', length: 26 })
  id!: string;

  @Column({ name: 'at_ms', type: 'bigint', transformer: bigintAsNumber })
  atMs!: number;

  @Column({ type: 'int' })
  count!: number;

  @Column({ type: 'varchar', length: 40 })
  type!: string;

  @Column({ type: 'varchar', length: 10 })
  outcome!: string;

  @Column({ type: 'varchar', length: 40, nullable: true })
  code!: string | null;

  @Column({ type: 'varchar', length: 255, nullable: true })
  actor!: string | null;

  /** The actor without case, for the filter. */
  @Column({ name: 'actor_key', type: 'varchar', length: 255, nullable: true })
  actorKey!: string | null;

  @Column({ type: 'varchar', length: 255, nullable: true })
  owner!: string | null;

  @Column({ name: 'owner_key', type: 'varchar', length: 255, nullable: true })
  ownerKey!: string | null;

  @Column({ name: 'token_id', type: 'varchar', length: 12, nullable: true })
  tokenId!: string | null;

  @Column({ name: 'token_description', type: 'varchar', length: 255, nullable: true })
  tokenDescription!: string | null;

  @Column({ name: 'token_scope', type: 'varchar', length: 12, nullable: true })
  tokenScope!: string | null;

  @Column({ type: 'varchar', length: 16, nullable: true })
  credential!: string | null;

  @Column({ name: 'client_ip', type: 'varchar', length: 45, nullable: true })
  clientIp!: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  peer!: string | null;

  @Column({ type: 'varchar', length: 32, nullable: true })
  method!: string | null;

  @Column({ type: 'varchar', length: 2048, nullable: true })
  path!: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  application!: string | null;

  @Column({ type: 'int', nullable: true })
  status!: number | null;

  @Column({ name: 'duration_ms', type: 'int', nullable: true })
  durationMs!: number | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 512, nullable: true })
  userAgent!: string | null;

  @Column({ name: 'request_id', type: 'varchar', length: 64, nullable: true })
  requestId!: string | null;

  @Column({ type: 'json', nullable: true })
  detail!: object | null;

  /** The chain the event is a link of: a node's, or that of all changes. */
  @Column({ type: 'varchar', length: 64 })
  chain!: string;

  @Column({ name: 'chain_sequence', type: 'bigint', transformer: bigintAsNumber })
  chainSequence!: number;

  /** The link of the event before it in the chain. */
  @Column({ name: 'previous_link', type: 'varchar', length: 64 })
  previousLink!: string;

  @Column({ type: 'varchar', length: 64 })
  link!: string;
}
