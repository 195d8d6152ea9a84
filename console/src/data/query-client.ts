import { QueryClient } from '@tanstack/react-query';
import { ApiProblem } from '../api/problem';

const MAX_RETRIES = 2;

/** One for the whole console. What the server refused is not asked again; what did not arrive is. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) =>
          failures < MAX_RETRIES && error instanceof ApiProblem && [0, 502, 503, 504].includes(error.problem.status),
      },
      // What was sent and answered may hold a password or a secret: it is gone as soon as no component shows it.
      mutations: { retry: false, gcTime: 0 },
    },
  });
}
