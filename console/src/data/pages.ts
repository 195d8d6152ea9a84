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
  readonly problem: Error | null;
  /** Asks again for what could not be fetched. */
  readonly onRetry: () => void;
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
    onRetry: () => void (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch()),
    hasMore: query.hasNextPage,
    isFetchingMore: query.isFetchingNextPage,
    onMore: () => void query.fetchNextPage(),
  };
}

/** Of a list that is offered to choose from: so many, and not the rest. */
const MAX_PAGES = 10;
const PAGE_SIZE = 200;

/** All items of a list of which there are few. @param read a page */
export async function fewOf<Item>(
  read: (query: { readonly limit: number; readonly cursor?: string }) => Promise<ListPage<Item>>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await read({ limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) });
    all.push(...answer.items);
    if (answer.nextCursor === null || answer.nextCursor === undefined) break;
    cursor = answer.nextCursor;
  }
  return all;
}
