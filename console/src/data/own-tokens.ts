import {
  useInfiniteQuery,
  useMutation,
  useQueryClient,
  type InfiniteData,
  type QueryClient,
  type UseMutationResult,
} from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { ApiProblem } from '../api/problem';
import { BY_CURSOR, growingList, type GrowingList, type ListPage } from './pages';

export type Token = Schema<'Token'>;
export type CreatedToken = Schema<'CreatedToken'>;
export type NewToken = Schema<'CreateToken'>;
export type Rotation = Schema<'RotateToken'>;

/** Of the list of one's own tokens. */
export interface TokenFilter {
  /** Empty: any. */
  readonly status: Token['status'] | '';
  /** A part of the description or the id. */
  readonly text: string;
}

const LISTS = ['own-tokens'] as const;
const PAGE_SIZE = 50;

/** Newest first, a page at a time. Administrators see everybody's at the API: `owner` keeps them out. */
export function useOwnTokens(owner: string, { status, text }: TokenFilter): GrowingList<Token> {
  return growingList(
    useInfiniteQuery({
      ...BY_CURSOR,
      queryKey: [...LISTS, owner, status, text],
      queryFn: ({ pageParam: cursor }) =>
        answerOf(() =>
          api.GET('/api/v1/tokens', {
            params: {
              query: {
                owner,
                limit: PAGE_SIZE,
                sort: '-createdAt',
                ...(status === '' ? {} : { status }),
                ...(text === '' ? {} : { q: text }),
                ...(cursor === undefined ? {} : { cursor }),
              },
            },
          }),
        ),
    }),
  );
}

/** R24: a permission that was lost meanwhile shows in the whole page. */
const LOST_PERMISSION: ReadonlySet<string> = new Set([
  'create_not_permitted',
  'create_on_behalf_not_permitted',
  'scope_not_permitted',
]);

export function isLostPermission(error: unknown): boolean {
  return error instanceof ApiProblem && LOST_PERMISSION.has(error.code);
}

export function useCreateToken(): UseMutationResult<CreatedToken, Error, NewToken> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body) => answerOf(() => api.POST('/api/v1/tokens', { body })),
    onSuccess: () => void queries.resetQueries({ queryKey: LISTS }),
    onError: (error) => askPermissionsAgain(queries, error),
  });
}

export interface RotationOfToken extends Rotation {
  readonly id: string;
}

/** The old token goes on for the overlap; the new one is returned with its secret. */
export function useRotateToken(): UseMutationResult<CreatedToken, Error, RotationOfToken> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }) =>
      answerOf(() => api.POST('/api/v1/tokens/{id}/rotate', { params: { path: { id } }, body })),
    onSuccess: () => void queries.resetQueries({ queryKey: LISTS }),
    onError: (error) => askPermissionsAgain(queries, error),
  });
}

/** Returns the token as it then is. */
export function useRevokeToken(): UseMutationResult<Token, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (id) => {
      const params = { path: { id } };
      await answerOf(() => api.DELETE('/api/v1/tokens/{id}', { params }));
      return answerOf(() => api.GET('/api/v1/tokens/{id}', { params }));
    },
    onSuccess: (token) => replaceInLists(queries, token),
  });
}

export interface TokenDescription {
  readonly id: string;
  readonly description: string;
}

export function useDescribeToken(): UseMutationResult<Token, Error, TokenDescription> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, description }) =>
      answerOf(() => api.PATCH('/api/v1/tokens/{id}', { params: { path: { id } }, body: { description } })),
    onSuccess: (token) => replaceInLists(queries, token),
  });
}

async function askPermissionsAgain(queries: QueryClient, error: Error): Promise<void> {
  if (isLostPermission(error)) await queries.invalidateQueries({ queryKey: ['me'] });
}

/** In place: to fetch all the pages again would take long with thousands of tokens, and lose the place. */
function replaceInLists(queries: QueryClient, token: Token): void {
  queries.setQueriesData<InfiniteData<ListPage<Token>>>(
    { queryKey: LISTS },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({
          ...page,
          items: page.items.map((item) => (item.id === token.id ? token : item)),
        })),
      },
  );
}
