import { randomBytes } from 'node:crypto';
import {
  encodeEvent,
  EventIds,
  EMPTY_EVENT,
  redact,
  redactText,
  redactTokens,
  type AuditEvent,
  type AuditEventType,
} from '@scopegate/audit';
import type { EntityManager } from 'typeorm';
import type { Clock } from '../common/time/clock.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import type { Actor } from './actor.js';
import { CHANGES_CHAIN, type AuditChain } from './audit-chain.js';

export interface ChangeDescription {
  readonly type: AuditEventType;
  /** For a change of a token. */
  readonly owner?: string | null;
  readonly tokenId?: string | null;
  readonly tokenDescription?: string | null;
  readonly tokenScope?: string | null;
  /** For a change of an application. */
  readonly application?: string | null;
  /** Usually `{ subject, changes: describeChange(before, after) }`. The recorder removes secrets again. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** It needs no journal, so commands can use it as well. */
export class ChangeRecorder {
  readonly #ids = new EventIds(randomBytes(11));
  /** Stored at the end of the transaction, so that the chain is locked only for a moment. */
  readonly #changes = new WeakMap<EntityManager, AuditEvent[]>();

  constructor(
    private readonly chain: AuditChain,
    private readonly clock: Clock,
    unitOfWork: UnitOfWork,
  ) {
    unitOfWork.beforeCommit((manager) => this.#storeChanges(manager));
  }

  /** Stores the record and the change in one transaction, or neither. @param manager of a unit of work */
  record(manager: EntityManager, actor: Actor, change: ChangeDescription): void {
    const nowMs = this.clock.nowMs();
    const changes = this.#changes.get(manager) ?? [];
    this.#changes.set(manager, changes);
    changes.push({
      ...EMPTY_EVENT,
      id: this.#ids.next(nowMs),
      atMs: nowMs,
      count: 1,
      type: change.type,
      outcome: 'changed',
      actor: actor.name,
      owner: change.owner ?? null,
      tokenId: change.tokenId ?? null,
      tokenDescription: typeof change.tokenDescription === 'string' ? redactTokens(change.tokenDescription) : null,
      tokenScope: change.tokenScope ?? null,
      credential: actor.credential,
      clientIp: actor.clientIp,
      peer: actor.peer,
      application: change.application ?? null,
      userAgent: actor.userAgent === null ? null : redactText(actor.userAgent, 512),
      requestId: actor.requestId,
      detail: {
        ...(actor.tokenId === null ? {} : { actingTokenId: actor.tokenId }),
        ...(redact(change.detail) as Record<string, unknown>),
      },
    });
  }

  async #storeChanges(manager: EntityManager): Promise<void> {
    const changes = this.#changes.get(manager);
    if (changes === undefined) return;
    this.#changes.delete(manager);
    const head = await this.chain.lockHead(manager, CHANGES_CHAIN);
    await this.chain.append(manager, head, changes.map(encodeEvent));
  }
}
