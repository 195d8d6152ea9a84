import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { BY_CURSOR, fewOf, growingList, type GrowingList } from './pages';

export type Group = Schema<'Group'>;

const GROUPS = ['groups'] as const;

type Query = { readonly limit?: number; readonly cursor?: string };

const readGroups = (query: Query): Promise<Schema<'GroupPage'>> =>
  answerOf(() => api.GET('/api/v1/groups', { params: { query } }));

export function useGroups(): GrowingList<Group> {
  return growingList(
    useInfiniteQuery({
      ...BY_CURSOR,
      queryKey: [...GROUPS, 'list'],
      queryFn: ({ pageParam: cursor }) => readGroups(cursor === undefined ? {} : { cursor }),
    }),
  );
}

/** To choose from; the names of others can be typed. */
export function useAllGroups(): UseQueryResult<readonly Group[]> {
  return useQuery({
    queryKey: [...GROUPS, 'all'],
    queryFn: () => fewOf(readGroups),
    staleTime: 60_000,
  });
}

function useGroupChange<Input>(change: (input: Input) => Promise<unknown>): UseMutationResult<unknown, Error, Input> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: GROUPS }),
        queries.invalidateQueries({ queryKey: ['users'] }),
        queries.invalidateQueries({ queryKey: ['permissions'] }),
      ]);
    },
  });
}

export function useCreateGroup(): UseMutationResult<unknown, Error, string> {
  return useGroupChange((name: string) => answerOf(() => api.POST('/api/v1/groups', { body: { name } })));
}

export function useDeleteGroup(): UseMutationResult<unknown, Error, string> {
  return useGroupChange((name: string) =>
    answerOf(() => api.DELETE('/api/v1/groups/{name}', { params: { path: { name } } })),
  );
}

export interface Membership {
  readonly name: string;
  readonly username: string;
}

export function useAddMember(): UseMutationResult<unknown, Error, Membership> {
  return useGroupChange((path: Membership) =>
    answerOf(() => api.PUT('/api/v1/groups/{name}/members/{username}', { params: { path } })),
  );
}

export function useRemoveMember(): UseMutationResult<unknown, Error, Membership> {
  return useGroupChange((path: Membership) =>
    answerOf(() => api.DELETE('/api/v1/groups/{name}/members/{username}', { params: { path } })),
  );
}
