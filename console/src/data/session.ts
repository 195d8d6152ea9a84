import {
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { answerOf, api, type Schema } from '../api/client';
import { ApiProblem, problemOf, unreachable } from '../api/problem';

export type Session = Schema<'Session'>;

const SESSION = ['session'] as const;

interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** As `answerOf`, but a 401 is an answer here and asks nobody. */
async function plainAnswerOf<Data>(call: () => Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await call().catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw problemOf(response.status, error, response.headers.get('X-Request-Id'));
  return data as Data;
}

/** Null for somebody who is not logged in. */
export function useSession(): UseQueryResult<Session | null> {
  return useQuery({
    queryKey: SESSION,
    queryFn: async () => {
      try {
        return await plainAnswerOf(() => api.GET('/api/v1/session'));
      } catch (error) {
        if (error instanceof ApiProblem && error.problem.status === 401) return null;
        throw error;
      }
    },
    staleTime: Infinity,
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

/** Ends the session and forgets all that was shown. */
export function useLogout(): UseMutationResult<unknown, Error, void> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => plainAnswerOf(() => api.DELETE('/api/v1/session')),
    onSuccess: () => {
      queries.setQueryData(SESSION, null);
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
    },
  });
}

/** The person, with permissions and the choices that the policy leaves for a new token. */
export function useMe(): UseQueryResult<Schema<'Me'>> {
  return useQuery({ queryKey: ['me'], queryFn: () => answerOf(() => api.GET('/api/v1/me')) });
}
