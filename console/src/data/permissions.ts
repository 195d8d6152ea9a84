import { api, type Schema } from '../api/client';
import { ifMatch, versionedAnswerOf, type DocumentSource } from './versioned';

export type Permissions = Schema<'Permissions'>;

export const PERMISSIONS: DocumentSource<Permissions> = {
  key: ['permissions'],
  alsoChanges: [['me']],
  read: () => versionedAnswerOf(() => api.GET('/api/v1/permissions')),
  patch: ({ tag, patch }, dryRun) =>
    versionedAnswerOf(() =>
      api.PATCH('/api/v1/permissions', {
        params: { query: { dryRun }, header: { 'If-Match': ifMatch(tag) } },
        body: patch,
      }),
    ),
};
