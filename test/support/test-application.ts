import { expect } from 'vitest';
import type { ApiClient } from './api.client.js';

/** Creates the application `app`, at `/app`, in front of an upstream. */
export async function createTestApplication(admin: ApiClient, upstream: string): Promise<void> {
  const application = { key: 'app', kind: 'generic', mount: { pathPrefix: '/app' }, upstream };
  expect(await admin.post('/applications', application)).toMatchObject({ status: 201 });
}

/** Creates a token of the caller. */
export async function createTestToken(
  admin: ApiClient,
  scope: 'read-only' | 'read-write' = 'read-only',
): Promise<{ readonly id: string; readonly secret: string }> {
  const answer = await admin.post<{ id: string; secret: string }>('/tokens', { description: 'of a test', scope });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}
