import type { EventContent } from '@scopegate/audit';
import { DatabaseUnavailableError, isDatabaseUnavailable } from '../../database/database-unavailable.js';
import { isDuplicateKey } from '../../database/duplicate-key.js';
import type { UnitOfWork } from '../../database/unit-of-work.js';
import type { AuditChain } from '../audit-chain.js';
import type { ChainPlace, JournalProgress, KnownHead } from '../linked-events.js';
import type { Journal } from './journal.js';
import { resume, type Advance, type Progress, type ProgressTarget, type Resumed } from './progress.js';

const JOURNAL_LANE = { lane: 'journal' } as const;

export class ProgressWriter {
  /** The last place that this process has tried to store, confirmed or not. */
  #attempted: ChainPlace | null = null;

  constructor(
    readonly chainName: string,
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
  ) {}

  async load(journal: Journal, confirmed: Progress | null): Promise<Resumed> {
    const head = await this.unitOfWork.run(({ manager }) => this.chain.lockHead(manager, this.chainName), JOURNAL_LANE);
    return resume(head, journal, confirmed, this.#attempted);
  }

  /** One transaction. @throws Error if the database cannot be used right now; the step may be stored nevertheless */
  async advance(from: Progress, to: ProgressTarget, contents: readonly EventContent[]): Promise<Advance> {
    const journal: JournalProgress = {
      journalSegment: to.position.segment,
      journalOffset: to.position.offset,
      held: to.held.length === 0 ? null : [...to.held],
    };
    try {
      const aside = await this.chain.appendAside(from, contents, journal, (place) => (this.#attempted = place));
      const head = aside ?? (await this.#append(from, contents, journal));
      return head === null ? { kind: 'moved' } : { kind: 'stored', progress: { ...head, ...to } };
    } catch (error) {
      if (isAway(error)) throw error;
      return { kind: isDuplicateKey(error) ? 'duplicate' : 'refused', error };
    }
  }

  /** Tries whether the database accepts some events, without storing them. @throws Error if that cannot be found out */
  async wouldTake(from: Progress, contents: readonly EventContent[]): Promise<boolean> {
    const undo = new Error('Only tried.');
    try {
      return await this.unitOfWork.run(async ({ manager }) => {
        const head = await this.chain.lockHead(manager, this.chainName);
        if (head.sequence !== from.sequence) throw new ChainMovedError();
        await this.chain.append(manager, head, contents);
        throw undo;
      }, JOURNAL_LANE);
    } catch (error) {
      if (error === undo) return true;
      if (isAway(error) || isDuplicateKey(error)) throw error;
      return false;
    }
  }

  /** @returns null if the chain has been added to from elsewhere: nothing is stored then */
  async #append(
    from: Progress,
    contents: readonly EventContent[],
    journal: JournalProgress,
  ): Promise<KnownHead | null> {
    // Before the transaction, which locks the head, and on SQLite all other writers.
    const events = await this.chain.link(from, contents);
    return this.unitOfWork.run(async ({ manager }) => {
      let stored = await this.chain.appendToKnown(manager, from, events, journal);
      if (stored === null) {
        // The retention changes the head as well, but not its newest event.
        const head = await this.chain.lockHead(manager, this.chainName);
        if (head.sequence !== from.sequence) return null;
        const { chain, purgedSequence } = head;
        stored = { chain, purgedSequence, ...(await this.chain.append(manager, head, contents, journal)) };
      }
      this.#attempted = stored;
      return stored;
    }, JOURNAL_LANE);
  }
}

/** Another process has added to the chain, or a step that seemed to fail was stored. */
export class ChainMovedError extends Error {
  constructor() {
    super('Another server has added to the chain.');
  }
}

function isAway(error: unknown): boolean {
  return error instanceof ChainMovedError || error instanceof DatabaseUnavailableError || isDatabaseUnavailable(error);
}
