import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { TOPICS, WORKER_LINK, type WorkerLink } from '../workers/worker.link.js';
import { ChangeFeed, type Change } from './change-feed.js';

/**
 * Tells the other workers of a change by way of the primary process, so that they act on it at once: who changes
 * something and looks at it may meet another worker. Whatever gets lost here is found in the change log (R64).
 */
@Injectable()
export class WorkerChangeChannel implements OnModuleInit, OnModuleDestroy {
  readonly #acting = new Set<Promise<void>>();
  #isClosed = false;

  constructor(
    @Inject(WORKER_LINK) private readonly link: WorkerLink | null,
    private readonly changes: ChangeFeed,
  ) {}

  onModuleInit(): void {
    if (this.link === null) return;
    const { primary } = this.link;
    primary.on(TOPICS.changes, (changes) => {
      if (this.#isClosed) return;
      // At once: the one before may wait for a slow read. Whatever the order, what is read is what is stored by then.
      const acting = this.changes
        .actOn(changes as readonly Change[])
        // The reader of the change log meets the change as well, and does not leave it before it has been acted on.
        .catch(() => undefined)
        .finally(() => this.#acting.delete(acting));
      this.#acting.add(acting);
    });
    this.changes.passOn((changes) => primary.tell(TOPICS.changes, changes));
  }

  async onModuleDestroy(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#acting);
  }
}
