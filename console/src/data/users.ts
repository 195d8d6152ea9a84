import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
  type UseMutationResult,
} from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { BY_CURSOR, growingList, type GrowingList } from './pages';

export type User = Schema<'User'>;
export type UserImport = Schema<'UserImport'>;

const USERS = ['users'] as const;

export interface UserFilter {
  /** A part of a name or mail address. */
  readonly q?: string;
  readonly active?: boolean;
  readonly group?: string;
}

export function useUsers(filter: UserFilter): GrowingList<User> {
  return growingList(
    useInfiniteQuery({
      ...BY_CURSOR,
      queryKey: [...USERS, filter],
      queryFn: ({ pageParam: cursor }) =>
        answerOf(() =>
          api.GET('/api/v1/users', {
            params: { query: cursor === undefined ? filter : { ...filter, cursor } },
          }),
        ),
      placeholderData: keepPreviousData,
    }),
  );
}

function useUserChange<Input, Answer>(
  change: (input: Input) => Promise<Answer>,
): UseMutationResult<Answer, Error, Input> {
  const queries = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: USERS }) });
}

export function useCreateUser(): UseMutationResult<User, Error, Schema<'CreateUser'>> {
  return useUserChange((body) => answerOf(() => api.POST('/api/v1/users', { body })));
}

export interface UserChange {
  readonly username: string;
  readonly patch: Schema<'UpdateUser'>;
}

export function useUpdateUser(): UseMutationResult<User, Error, UserChange> {
  return useUserChange(({ username, patch }: UserChange) =>
    answerOf(() => api.PATCH('/api/v1/users/{username}', { params: { path: { username } }, body: patch })),
  );
}

export interface Renaming {
  readonly username: string;
  readonly to: string;
}

export function useRenameUser(): UseMutationResult<User, Error, Renaming> {
  return useUserChange(({ username, to }: Renaming) =>
    answerOf(() =>
      api.POST('/api/v1/users/{username}/rename', { params: { path: { username } }, body: { username: to } }),
    ),
  );
}

export function useDeleteUser(): UseMutationResult<unknown, Error, string> {
  return useUserChange((username: string) =>
    answerOf(() => api.DELETE('/api/v1/users/{username}', { params: { path: { username } } })),
  );
}

/** The bytes as they are: what is not UTF-8 would become other names if it were read as text here. */
const importUsers = (csv: ArrayBuffer, dryRun: boolean): Promise<UserImport> =>
  answerOf(() =>
    api.POST('/api/v1/users/import', {
      params: { query: { dryRun } },
      headers: { 'Content-Type': 'text/csv' },
      // The type wants a text; what is sent are the bytes.
      body: '',
      bodySerializer: () => csv,
    }),
  );

/** What the file would do, and what is wrong in which line. */
export function useTryImport(): UseMutationResult<UserImport, Error, ArrayBuffer> {
  return useMutation({ mutationFn: (csv) => importUsers(csv, true) });
}

/** All users of the file, or none. */
export function useImport(): UseMutationResult<UserImport, Error, ArrayBuffer> {
  return useUserChange((csv: ArrayBuffer) => importUsers(csv, false));
}
