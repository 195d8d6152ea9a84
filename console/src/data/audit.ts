import { useInfiniteQuery } from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import type { paths } from '../api/schema';
import { setFilters, writeAuditFilter, type AuditFilter } from './audit-filter';
import { BY_CURSOR, growingList, type GrowingList } from './pages';
import { usePollingMs } from './polling';
import { boundsOf } from './time-range';

export type AuditEvent = Schema<'AuditEvent'>;

type Query = NonNullable<paths['/api/v1/audit-events']['get']['parameters']['query']>;

const LIVE_MS = 2_000;
const PAGE_SIZE = 50;

/**
 * Newest first.
 * @param isLive asks again every two seconds while somebody looks at the page, for the newest page alone
 */
export function useAuditEvents(filter: AuditFilter, isLive: boolean): GrowingList<AuditEvent> {
  const refetchInterval = usePollingMs(LIVE_MS);
  const list = growingList(
    useInfiniteQuery({
      ...BY_CURSOR,
      queryKey: ['audit-events', writeAuditFilter(filter).toString(), isLive],
      queryFn: ({ pageParam: cursor }) =>
        answerOf(() =>
          api.GET('/api/v1/audit-events', {
            params: {
              query: {
                ...(setFilters(filter) as Partial<Query>),
                ...boundsOf(filter.range, Date.now()),
                limit: PAGE_SIZE,
                ...(cursor === undefined ? {} : { cursor }),
              },
            },
          }),
        ),
      ...(isLive ? { refetchInterval, maxPages: 1 } : {}),
    }),
  );
  return isLive ? { ...list, hasMore: false } : list;
}

/** Where the browser gets the events as a file. */
export function auditExportAddress(filter: AuditFilter, format: 'csv' | 'ndjson'): string {
  const query = new URLSearchParams({ ...setFilters(filter), ...boundsOf(filter.range, Date.now()), format });
  return `/api/v1/audit-events/export?${query.toString()}`;
}
