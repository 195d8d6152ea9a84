import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import type { paths } from '../api/schema';
import { usePollingMs } from './polling';
import { wholeDayBoundsOf, writeTimeRange, type TimeRange } from './time-range';

export type Usage = Schema<'Usage'>;

type UsageQuery = NonNullable<paths['/api/v1/reports/usage']['get']['parameters']['query']>;

/** How many events there were (R103). @param by one or two keys, separated by a comma @param filter of the audit */
export function useUsage(range: TimeRange, by: string, filter: Partial<UsageQuery> = {}): UseQueryResult<Usage> {
  const key = new URLSearchParams();
  writeTimeRange(range, key);
  return useQuery({
    queryKey: ['reports', 'usage', key.toString(), by, filter],
    queryFn: () =>
      answerOf(() =>
        api.GET('/api/v1/reports/usage', {
          params: { query: { ...filter, ...wholeDayBoundsOf(range, Date.now()), by } },
        }),
      ),
  });
}

const NODES_MS = 10_000;

/** Asked again every ten seconds while somebody looks at the page. */
export function useNodes(): UseQueryResult<Schema<'NodeList'>> {
  const refetchInterval = usePollingMs(NODES_MS);
  return useQuery({
    queryKey: ['nodes'],
    queryFn: () => answerOf(() => api.GET('/api/v1/nodes')),
    refetchInterval,
  });
}
