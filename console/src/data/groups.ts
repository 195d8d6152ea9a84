import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { listOf, nextCursorOf, type List } from './list';

export type Group = Schema<'Group'>;

const GROUPS = ['groups'] as const;

/** So many are proposed; the names of others can be typed. */
const MAX_PROPOSED = 2_000;
const PAGE = 200;

const readGroups = (cursor: string | undefined, limit: number): Promise<Schema<'GroupPage'>> =>
  answerOf(() =>
    api.GET('/api/v1/groups', { params: { query: cursor === undefined ? { limit } : { limit, cursor } } }),
  );

export function useGroups(): List<Group> {
  return listOf(
    useInfiniteQuery({
      queryKey: [...GROUPS, 'list'],
      queryFn: ({ pageParam }) => readGroups(pageParam, 50),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: nextCursorOf,
    }),
  );
}

/** To choose from. */
export function useGroupNames(): UseQueryResult<readonly string[]> {
  return useQuery({
    queryKey: [...GROUPS, 'names'],
    queryFn: async () => {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await readGroups(cursor, PAGE);
        names.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined && names.length < MAX_PROPOSED);
      return names;
    },
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
