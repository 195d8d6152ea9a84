import {
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';

/** A credential of one's own for an application, without its secret. */
export type Deposit = Schema<'Deposit'>;
export type NewDeposit = Schema<'StoreDeposit'>;

const DEPOSITS = ['own-credentials'] as const;
const MAX_PAGES = 10;

/** One for an application at most, so that they are few. */
export function useOwnCredentials(): UseQueryResult<readonly Deposit[]> {
  return useQuery({
    queryKey: DEPOSITS,
    queryFn: async () => {
      const all: Deposit[] = [];
      let cursor: string | null | undefined;
      for (let page = 0; page < MAX_PAGES && cursor !== null; page += 1) {
        const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
        const answer = await answerOf(() => api.GET('/api/v1/me/credentials', { params: { query } }));
        all.push(...answer.items);
        cursor = answer.nextCursor;
      }
      return all;
    },
  });
}

export interface DepositOfApplication extends NewDeposit {
  readonly application: string;
}

/** It is tried at the application before it is stored. */
export function useStoreCredential(): UseMutationResult<Deposit, Error, DepositOfApplication> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ application, ...body }) =>
      answerOf(() => api.PUT('/api/v1/me/credentials/{application}', { params: { path: { application } }, body })),
    // It holds the secret.
    gcTime: 0,
    onSuccess: () => queries.invalidateQueries({ queryKey: DEPOSITS }),
  });
}

/** Also changes the state of one that is refused. @param application its key */
export function useCheckCredential(): UseMutationResult<Deposit, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (application) =>
      answerOf(() => api.POST('/api/v1/me/credentials/{application}/check', { params: { path: { application } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: DEPOSITS }),
  });
}

/** @param application its key */
export function useRemoveCredential(): UseMutationResult<unknown, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (application) =>
      answerOf(() => api.DELETE('/api/v1/me/credentials/{application}', { params: { path: { application } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: DEPOSITS }),
  });
}
