import { useInfiniteQuery, useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import type { paths } from '../api/schema';
import { BY_CURSOR, growingList, type GrowingList } from './pages';
import { lookQuery, writeTokenFilter, type TokenListFilter } from './token-filter';

export type Token = Schema<'Token'>;

type Query = NonNullable<paths['/api/v1/tokens']['get']['parameters']['query']>;

const LISTS = ['all-tokens'] as const;

/** Everybody's tokens, a page at a time. @param limit of a page */
export function useAllTokens(filter: TokenListFilter, limit = 50): GrowingList<Token> {
  const { look, ...texts } = filter;
  const set = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''));
  return growingList(
    useInfiniteQuery({
      ...BY_CURSOR,
      queryKey: [...LISTS, writeTokenFilter(filter).toString(), limit],
      queryFn: ({ pageParam: cursor }) =>
        answerOf(() =>
          api.GET('/api/v1/tokens', {
            params: {
              query: {
                sort: '-createdAt',
                ...(lookQuery(look, Date.now()) as Partial<Query>),
                ...(set as Partial<Query>),
                limit,
                ...(cursor === undefined ? {} : { cursor }),
              },
            },
          }),
        ),
    }),
  );
}

/** Several at once; takes effect on every node. */
export function useRevokeTokens(): UseMutationResult<Schema<'RevokedTokens'>, Error, readonly string[]> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (ids) => answerOf(() => api.POST('/api/v1/tokens/revoke', { body: { ids: [...ids], wait: true } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: LISTS }),
  });
}
