import { useMutation, useQuery, type UseMutationResult, type UseQueryResult } from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';

export type Explanation = Schema<'Explanation'>;

/** How an audited request was judged. @param requestId empty for none */
export function useExplainedEvent(requestId: string): UseQueryResult<Explanation> {
  return useQuery({
    queryKey: ['explain', requestId],
    queryFn: () => answerOf(() => api.POST('/api/v1/explain', { body: { requestId } })),
    enabled: requestId !== '',
  });
}

/** How a request would be judged now. Nothing is forwarded or counted. */
export function useExplain(): UseMutationResult<Explanation, Error, Schema<'ExplainRequest'>> {
  return useMutation({ mutationFn: (body) => answerOf(() => api.POST('/api/v1/explain', { body })) });
}
