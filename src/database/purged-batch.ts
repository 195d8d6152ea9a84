/** Few rows in one transaction, so that its locks are short. */
export const PURGE_BATCH_SIZE = 100;

export interface PurgedBatch {
  readonly removed: number;
  readonly hasMore: boolean;
}
