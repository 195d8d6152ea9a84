import { useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { chosenFilters, writeOwnRequestFilter, type OwnRequestFilter } from './own-request-filter';
import { BY_CURSOR, growingList, type GrowingList } from './pages';
import { boundsOf } from './time-range';

/** A request with a credential of one's own. */
export type OwnRequest = Schema<'OwnRequest'>;
/** With the reason why it was refused, and what to do. */
export type ExplainedRequest = Schema<'ExplainedRequest'>;

const REQUESTS = 'own-requests';
const PAGE_SIZE = 50;

/** Newest first, a page at a time. */
export function useOwnRequests(filter: OwnRequestFilter): GrowingList<OwnRequest> {
  return growingList(
    useInfiniteQuery({
      ...BY_CURSOR,
      queryKey: [REQUESTS, writeOwnRequestFilter(filter).toString()],
      queryFn: ({ pageParam: cursor }) =>
        answerOf(() =>
          api.GET('/api/v1/me/requests', {
            params: {
              query: {
                ...chosenFilters(filter),
                ...boundsOf(filter.range, Date.now()),
                limit: PAGE_SIZE,
                ...(cursor === undefined ? {} : { cursor }),
              },
            },
          }),
        ),
    }),
  );
}

export function useRequestExplanation(requestId: string): UseQueryResult<ExplainedRequest> {
  return useQuery({
    queryKey: [REQUESTS, 'explained', requestId],
    queryFn: () => answerOf(() => api.GET('/api/v1/requests/{requestId}', { params: { path: { requestId } } })),
  });
}
