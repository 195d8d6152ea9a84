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
      mutations: { retry: false },
    },
  });
}
