import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { AuditEvent } from '@scopegate/audit';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { toEntity } from './audit-event.mapper.js';

/** How long an event waits for others to share a write with. */
const INTERVAL_MS = 100;

/** Rows in one write. */
const BATCH_SIZE = 200;

/** Above this many waiting events, nothing more is let through: fail closed. */
const CAPACITY = 50_000;

/** Something else that is written in the same rhythm, such as the use of tokens. */
export type ShippedBesides = () => Promise<void>;

/** Moves events into the database in batches, so that no request waits for a write. */
@Injectable()
export class AuditShipper implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(AuditShipper.name);
  readonly #besides: ShippedBesides[] = [];
  #waiting: AuditEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #shipping: Promise<void> | undefined;
  #isFailing = false;

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Whether another event can be taken. Where it cannot, the request is refused with 503 `audit_unavailable`. */
  get hasRoom(): boolean {
    return this.#waiting.length < CAPACITY;
  }

  append(event: AuditEvent): void {
    this.#waiting.push(event);
  }

  /** Has something else written after each batch. */
  alsoShip(besides: ShippedBesides): void {
    this.#besides.push(besides);
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.flush(), INTERVAL_MS);
    this.#timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    if (this.#waiting.length > 0) {
      this.#logger.error(`${this.#waiting.length} audit events could not be stored before the end.`);
    }
  }

  /** Stores everything that waits. A failure keeps the events for the next time. */
  async flush(): Promise<void> {
    await this.#shipping;
    this.#shipping = this.#ship().finally(() => (this.#shipping = undefined));
    await this.#shipping;
  }

  async #ship(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.slice(0, BATCH_SIZE);
        await this.unitOfWork.run(({ manager }) =>
          // An id that is there already was stored by an attempt whose answer got lost.
          manager
            .createQueryBuilder()
            .insert()
            .into(AuditEventEntity)
            .values(batch.map(toEntity))
            .orIgnore()
            .updateEntity(false)
            .execute(),
        );
        this.#waiting = this.#waiting.slice(batch.length);
      }
      for (const besides of this.#besides) await besides();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#logger.error(`Audit events cannot be stored: ${String(error)}`);
      this.#isFailing = true;
    }
  }
}
