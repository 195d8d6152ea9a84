/** The most rows that one transaction of a purge removes, so that its locks are short. */
export const PURGE_BATCH_SIZE = 100;

/** What one transaction of a purge did. */
export interface PurgedBatch {
  readonly removed: number;
  /** Whether there may be more to remove. */
  readonly hasMore: boolean;
}
