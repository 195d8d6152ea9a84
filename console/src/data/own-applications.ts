import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { fewOf } from './pages';

/** What everybody may know of an application. */
export type OwnApplication = Schema<'OwnApplication'>;

/** The keys of those that are not listed can be typed. */
export function useOwnApplications(): UseQueryResult<readonly OwnApplication[]> {
  return useQuery({
    queryKey: ['own-applications'],
    queryFn: () => fewOf((query) => answerOf(() => api.GET('/api/v1/me/applications', { params: { query } }))),
  });
}
