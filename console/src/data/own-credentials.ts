import {
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { fewOf } from './pages';

/** A credential of one's own for an application, without its secret. */
export type Deposit = Schema<'Deposit'>;
export type NewDeposit = Schema<'StoreDeposit'>;

const DEPOSITS = ['own-credentials'] as const;

/** One for an application at most, so that they are few. */
export function useOwnCredentials(): UseQueryResult<readonly Deposit[]> {
  return useQuery({
    queryKey: DEPOSITS,
    queryFn: () => fewOf((query) => answerOf(() => api.GET('/api/v1/me/credentials', { params: { query } }))),
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
