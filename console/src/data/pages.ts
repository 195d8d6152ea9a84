import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';

/** What the API answers for every list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | null;
}

/** A list of which a page at a time is fetched, as `DataTable` wants it. */
export interface GrowingList<Item> {
  /** Undefined while the first page is fetched. */
  readonly rows: readonly Item[] | undefined;
  readonly problem: unknown;
  readonly hasMore: boolean;
  readonly isFetchingMore: boolean;
  readonly onMore: () => void;
}

/** For `useInfiniteQuery`: the cursor of the first page, and of the one after. */
export const BY_CURSOR = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ nextCursor }: ListPage<unknown>): string | undefined => nextCursor ?? undefined,
  // All the pages that are shown would be fetched again, one after the other.
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
} as const;

export function growingList<Item>(query: UseInfiniteQueryResult<InfiniteData<ListPage<Item>>>): GrowingList<Item> {
  return {
    rows: query.data?.pages.flatMap(({ items }) => items),
    problem: query.error,
    hasMore: query.hasNextPage,
    isFetchingMore: query.isFetchingNextPage,
    onMore: () => void query.fetchNextPage(),
  };
}
