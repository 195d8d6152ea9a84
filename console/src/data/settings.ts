import { api, type Schema } from '../api/client';
import { ifMatch, versionedAnswerOf, type DocumentSource } from './versioned';

export type Settings = Schema<'Settings'>;

export const SETTINGS: DocumentSource<Settings> = {
  key: ['settings'],
  // The policy of new tokens follows from the settings.
  alsoChanges: [['me']],
  read: () => versionedAnswerOf(() => api.GET('/api/v1/settings')),
  patch: ({ tag, patch }, dryRun) =>
    versionedAnswerOf(() =>
      api.PATCH('/api/v1/settings', {
        params: { query: { dryRun }, header: { 'If-Match': ifMatch(tag) } },
        body: patch,
      }),
    ),
};
