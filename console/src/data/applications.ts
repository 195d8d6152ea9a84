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
import { ifMatch, versionedAnswerOf, type DocumentSource } from './versioned';

export type Application = Schema<'Application'>;
/** What is left out has a default. */
export type Identity = Partial<Schema<'Identity'>>;
export type Preset = Schema<'Preset'>;
export type NewApplication = Schema<'CreateApplication'>;
export type ApplicationCheck = Schema<'ApplicationCheck'>;

const APPLICATIONS = ['applications'] as const;

export function useApplications(): GrowingList<Application> {
  return growingList(
    useInfiniteQuery({
      ...BY_CURSOR,
      queryKey: [...APPLICATIONS, 'list'],
      queryFn: ({ pageParam: cursor }) =>
        answerOf(() => api.GET('/api/v1/applications', { params: { query: cursor === undefined ? {} : { cursor } } })),
    }),
  );
}

/** One application, to be changed. Lists and objects are replaced as a whole, but for the mount. */
export function applicationSource(key: string): DocumentSource<Application> {
  const path = { key };
  return {
    key: [...APPLICATIONS, 'one', key],
    alsoChanges: [[...APPLICATIONS, 'list'], ['settings']],
    whole: ['identity', 'cors', 'tls'],
    read: () => versionedAnswerOf(() => api.GET('/api/v1/applications/{key}', { params: { path } })),
    patch: ({ tag, patch }, dryRun) =>
      versionedAnswerOf(() =>
        api.PATCH('/api/v1/applications/{key}', {
          params: { path, query: { dryRun }, header: { 'If-Match': ifMatch(tag) } },
          body: patch,
        }),
      ),
  };
}

export function usePresets(): UseQueryResult<readonly Preset[]> {
  return useQuery({
    queryKey: ['presets'],
    queryFn: async () => (await answerOf(() => api.GET('/api/v1/presets'))).items,
    staleTime: Infinity,
  });
}

export function useCreateApplication(): UseMutationResult<Application, Error, NewApplication> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body) => answerOf(() => api.POST('/api/v1/applications', { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: APPLICATIONS }),
  });
}

export function useDeleteApplication(): UseMutationResult<unknown, Error, string> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key) => answerOf(() => api.DELETE('/api/v1/applications/{key}', { params: { path: { key } } })),
    onSuccess: (_answer, key) => {
      queries.removeQueries({ queryKey: [...APPLICATIONS, 'one', key] });
      return queries.invalidateQueries({ queryKey: [...APPLICATIONS, 'list'] });
    },
  });
}

/** A call to the application, as a token of the user would make it. @param key of the application */
export function useCheckApplication(
  key: string,
): UseMutationResult<ApplicationCheck, Error, Schema<'CheckApplication'>> {
  return useMutation({
    mutationFn: (body) =>
      answerOf(() => api.POST('/api/v1/applications/{key}/check', { params: { path: { key } }, body })),
  });
}
