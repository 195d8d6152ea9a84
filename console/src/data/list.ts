import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';

interface Page<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

/** What a table needs of a list that comes page by page. */
export interface List<Row> {
  /** Undefined while they are loading. */
  readonly rows: readonly Row[] | undefined;
  readonly problem: Error | null;
  readonly hasMore: boolean;
  readonly isFetchingMore: boolean;
  readonly onMore: () => void;
}

export const nextCursorOf = ({ nextCursor }: Page<unknown>): string | undefined => nextCursor ?? undefined;

export function listOf<Row>(query: UseInfiniteQueryResult<InfiniteData<Page<Row>>>): List<Row> {
  return {
    rows: query.data?.pages.flatMap(({ items }) => items),
    problem: query.error,
    hasMore: query.hasNextPage,
    isFetchingMore: query.isFetchingNextPage,
    onMore: () => void query.fetchNextPage(),
  };
}
