import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { BY_CURSOR, growingList, type GrowingList } from './pages';
import { usePollingMs } from './polling';

export type Directory = Schema<'Directory'>;
/** What is left out has a default; the generated types ask for it all the same. */
export type NewDirectory = Partial<Schema<'CreateDirectory'>>;
export type DirectoryTest = Schema<'DirectoryTest'>;
export type DirectorySync = Schema<'DirectorySync'>;

/** What does not come from a directory: users, and groups. */
export function isLocal({ directory }: { readonly directory?: string }): boolean {
  return directory === undefined || directory === 'local';
}

const DIRECTORIES = ['directories'] as const;
const LIST = [...DIRECTORIES, 'list'] as const;

const oneOf = (key: string): readonly string[] => [...DIRECTORIES, 'one', key];

/** A synchronisation may be held, or fail, while somebody looks. */
const REFETCH_MS = 30_000;

export function useDirectories(): GrowingList<Directory> {
  const refetchInterval = usePollingMs(REFETCH_MS);
  return growingList(
    useInfiniteQuery({
      ...BY_CURSOR,
      queryKey: LIST,
      queryFn: ({ pageParam: cursor }) =>
        answerOf(() => api.GET('/api/v1/directories', { params: { query: cursor === undefined ? {} : { cursor } } })),
      refetchInterval,
    }),
  );
}

export function useDirectory(key: string): UseQueryResult<Directory> {
  const refetchInterval = usePollingMs(REFETCH_MS);
  return useQuery({
    queryKey: oneOf(key),
    queryFn: () => answerOf(() => api.GET('/api/v1/directories/{key}', { params: { path: { key } } })),
    refetchInterval,
  });
}

export function useCreateDirectory(): UseMutationResult<Directory, Error, NewDirectory> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body) => answerOf(() => api.POST('/api/v1/directories', { body: body as Schema<'CreateDirectory'> })),
    onSuccess: (made) => {
      queries.setQueryData(oneOf(made.key), made);
      return queries.invalidateQueries({ queryKey: LIST });
    },
  });
}

/** A merge patch: the bind password stays if it is left out. */
export function useUpdateDirectory(key: string): UseMutationResult<Directory, Error, NewDirectory> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (patch) =>
      answerOf(() =>
        api.PATCH('/api/v1/directories/{key}', {
          params: { path: { key } },
          body: patch as Schema<'PatchDirectory'>,
        }),
      ),
    onSuccess: (changed) => {
      queries.setQueryData(oneOf(key), changed);
      return queries.invalidateQueries({ queryKey: LIST });
    },
  });
}

export interface TriedLogin {
  readonly username?: string;
  readonly password?: string;
}

export type TriedDirectory =
  { readonly kind: 'saved'; readonly key: string } | { readonly kind: 'typed'; readonly body: NewDirectory };

/** Changes nothing. The stored bind password is used for what is saved, and for nothing else. */
export function useTestDirectory(): UseMutationResult<
  DirectoryTest,
  Error,
  { readonly tried: TriedDirectory; readonly login: TriedLogin }
> {
  return useMutation({
    mutationFn: ({ tried, login }) =>
      answerOf(() =>
        tried.kind === 'saved'
          ? api.POST('/api/v1/directories/{key}/test', { params: { path: { key: tried.key } }, body: login })
          : api.POST('/api/v1/directories/test', { body: { ...tried.body, ...login } as Schema<'TestDirectory'> }),
      ),
  });
}

/** What a synchronisation changes, and a directory that is disconnected. */
const CHANGED = [LIST, ['users'], ['groups'], ['permissions']] as const;

function useSynchronisation(
  call: (key: string) => Promise<DirectorySync>,
): UseMutationResult<DirectorySync, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: call,
    // Also after a failure, which the directory then shows.
    onSettled: (_answer, _error, key) =>
      Promise.all([...CHANGED, oneOf(key)].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}

/** Makes users and groups what the directory says. The variable is its key. */
export function useSyncDirectory(): UseMutationResult<DirectorySync, Error, string> {
  return useSynchronisation((key) =>
    answerOf(() => api.POST('/api/v1/directories/{key}/sync', { params: { path: { key } } })),
  );
}

/** Carries out what was held. */
export function useConfirmSync(): UseMutationResult<DirectorySync, Error, string> {
  return useSynchronisation((key) =>
    answerOf(() => api.POST('/api/v1/directories/{key}/sync/confirm', { params: { path: { key } } })),
  );
}

export function useDeleteDirectory(): UseMutationResult<unknown, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key) => answerOf(() => api.DELETE('/api/v1/directories/{key}', { params: { path: { key } } })),
    onSuccess: (_answer, key) => {
      queries.removeQueries({ queryKey: oneOf(key) });
      // Not waited for: the page of the directory is left first.
      for (const queryKey of CHANGED) void queries.invalidateQueries({ queryKey });
    },
  });
}
