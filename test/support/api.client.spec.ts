import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApiClient } from './api.client.js';
import { startRecordingUpstream, type RecordingUpstream } from './recording-upstream.js';

describe('API client', () => {
  let upstream: RecordingUpstream;
  beforeAll(async () => {
    upstream = await startRecordingUpstream();
  });
  beforeEach(() => upstream.clear());
  afterAll(() => upstream.stop());

  it('support: the credential, the body and the answer of a call', async () => {
    const api = createApiClient(upstream.url, { user: 'j\u00fcrgen', password: 'a:b' });
    upstream.respondWith(() => ({
      status: 403,
      headers: [['Content-Type', 'application/problem+json; charset=utf-8']],
      body: '{"code":"scope_insufficient"}',
    }));
    const answer = await api.post<{ code: string }>('/tokens', { description: 'x' });
    expect([answer.status, answer.body.code]).toEqual([403, 'scope_insufficient']);
    const recorded = upstream.lastRequest;
    expect([recorded?.method, recorded?.target]).toEqual(['POST', '/api/v1/tokens']);
    expect(recorded?.body.toString()).toBe('{"description":"x"}');
    expect(recorded?.header('authorization')).toBe(`Basic ${Buffer.from('j\u00fcrgen:a:b').toString('base64')}`);
  });

  it('support: another caller, no caller, and an answer without a body', async () => {
    const api = createApiClient(upstream.url, { bearer: 'sg_one' });
    await api.get('/me');
    expect(upstream.lastRequest?.header('authorization')).toBe('Bearer sg_one');
    await api.get('/me', { credential: null });
    expect(upstream.lastRequest?.header('authorization')).toBeUndefined();
    upstream.respondWith(() => ({ status: 204 }));
    const answer = await api.as({ user: 'alice', token: 't' }).delete('/tokens/1', { headers: { 'If-Match': '"1"' } });
    expect([answer.status, answer.body]).toEqual([204, undefined]);
    expect(upstream.lastRequest?.header('if-match')).toBe('"1"');
  });
});
