import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';

/** What everybody may know of an application. */
export type OwnApplication = Schema<'OwnApplication'>;

/** More are not listed for a choice; their keys can be typed. */
const MAX_PAGES = 10;

export function useOwnApplications(): UseQueryResult<readonly OwnApplication[]> {
  return useQuery({
    queryKey: ['own-applications'],
    queryFn: async () => {
      const all: OwnApplication[] = [];
      let cursor: string | null | undefined;
      for (let page = 0; page < MAX_PAGES && cursor !== null; page += 1) {
        const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
        const answer = await answerOf(() => api.GET('/api/v1/me/applications', { params: { query } }));
        all.push(...answer.items);
        cursor = answer.nextCursor;
      }
      return all;
    },
  });
}
