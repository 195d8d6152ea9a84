import {
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { answerOf, api, plainAnswerOf, type Schema } from '../api/client';
import { ApiProblem } from '../api/problem';
import { promptStore } from '../api/prompts';

export type Session = Schema<'Session'>;

const SESSION = ['session'] as const;

const PROVIDER_LOGOUT = ['session', 'provider-logout'] as const;

function isLoggedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.problem.status === 401;
}

/** Nothing of another person is shown, not even for a moment. */
function forgetAll(queries: QueryClient): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
}

/** Null for somebody who is not logged in. Asked again in a tab that is looked at again. */
export function useSession(): UseQueryResult<Session | null> {
  const queries = useQueryClient();
  return useQuery({
    queryKey: SESSION,
    queryFn: async () => {
      const before = queries.getQueryData<Session | null>(SESSION) ?? null;
      const now = await plainAnswerOf(() => api.GET('/api/v1/session')).catch((error: unknown) => {
        // The page of a session that has ended stays: the next call asks for a login, and nothing typed is lost.
        if (isLoggedOut(error)) return before;
        throw error;
      });
      // Somebody else has logged in, in another tab.
      if (before !== null && now?.username !== before.username) {
        promptStore.current()?.settle(false);
        forgetAll(queries);
      }
      return now;
    },
    staleTime: Infinity,
    refetchOnWindowFocus: 'always',
  });
}

/** Which ways to log in this server offers. */
export function useLoginMethods(): UseQueryResult<Schema<'LoginMethods'>> {
  return useQuery({
    queryKey: ['session', 'methods'],
    queryFn: () => plainAnswerOf(() => api.GET('/api/v1/session/methods')),
    staleTime: Infinity,
  });
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export function useLogin(): UseMutationResult<Session, Error, Login> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (login) => plainAnswerOf(() => api.POST('/api/v1/session', { body: login })),
    onSuccess: (session) => queries.setQueryData(SESSION, session),
  });
}

/** Gives the password again for settings and permissions (R99). */
export function useStepUp(): UseMutationResult<unknown, Error, string> {
  return useMutation({
    mutationFn: (password) => plainAnswerOf(() => api.POST('/api/v1/session/step-up', { body: { password } })),
  });
}

/** Ends the session and forgets all that was shown. @param logoutUrl of the session */
export function useLogout(logoutUrl: string | null): UseMutationResult<unknown, Error, void> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      plainAnswerOf(() => api.DELETE('/api/v1/session')).catch((error: unknown) => {
        if (!isLoggedOut(error)) throw error;
      }),
    onSuccess: () => {
      queries.setQueryData(PROVIDER_LOGOUT, logoutUrl);
      queries.setQueryData(SESSION, null);
      forgetAll(queries);
    },
  });
}

/** Where somebody who has just logged out here can also log out at the identity provider (R96). */
export function useProviderLogout(): string | null {
  return useQueryClient().getQueryData<string | null>(PROVIDER_LOGOUT) ?? null;
}

/** The person, with permissions and the choices that the policy leaves for a new token. */
export function useMe(): UseQueryResult<Schema<'Me'>> {
  return useQuery({ queryKey: ['me'], queryFn: () => answerOf(() => api.GET('/api/v1/me')) });
}
