import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSampleUpstream, type SampleUpstream } from '../../demo/sample-upstream.js';

describe('sample upstream', () => {
  let upstream: SampleUpstream;
  beforeEach(async () => {
    upstream = await startSampleUpstream();
  });
  afterEach(() => upstream.stop());

  const call = async (method: string, path: string, body?: string): Promise<{ answer: Response; content: unknown }> => {
    const answer = await fetch(`${upstream.url}${path}`, {
      method,
      headers: { 'X-Forwarded-User': 'alice' },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    return { answer, content: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };

  it('demo: an issue is created in the name of the identity header, read, changed and deleted', async () => {
    const created = await call('POST', '/rest/api/2/issue', '{"fields":{"summary":"New"}}');
    expect(created.answer.status).toBe(201);
    expect(created.answer.headers.get('location')).toBe(`${upstream.url}/rest/api/2/issue/DEMO-4`);
    expect(created.content).toMatchObject({ key: 'DEMO-4' });
    expect((await call('PUT', '/rest/api/2/issue/DEMO-4', '{"fields":{"summary":"Other"}}')).answer.status).toBe(204);
    const read = await call('GET', '/rest/api/2/issue/DEMO-4');
    expect(read.content).toMatchObject({ fields: { summary: 'Other', reporter: { name: 'alice' } } });
    expect((await call('DELETE', '/rest/api/2/issue/DEMO-4')).answer.status).toBe(204);
    expect((await call('GET', '/rest/api/2/issue/DEMO-4')).answer.status).toBe(404);
  });

  it('demo: three issues are there, and can be searched', async () => {
    expect((await call('GET', '/rest/api/2/issue')).content).toMatchObject({ total: 3 });
    expect((await call('GET', '/rest/api/2/search?text=teapot')).content).toMatchObject({
      total: 1,
      issues: [{ key: 'DEMO-1' }],
    });
    expect((await call('GET', '/rest/api/2/myself')).content).toMatchObject({ name: 'alice' });
  });

  it('demo: wrong bodies, paths and methods are errors in JSON', async () => {
    for (const body of ['', '{', '[]', '{"fields":{}}', '{"fields":{"summary":1}}', '{"fields":{"summary":" "}}']) {
      const { answer, content } = await call('POST', '/rest/api/2/issue', body);
      expect([answer.status, content]).toEqual([400, { errorMessages: [expect.any(String)], errors: {} }]);
    }
    expect((await call('GET', '/rest/api/2/issue/DEMO-99')).answer.status).toBe(404);
    expect((await call('GET', '/')).answer.status).toBe(404);
    const notAllowed = await call('PATCH', '/rest/api/2/issue/DEMO-1', '{}');
    expect([notAllowed.answer.status, notAllowed.answer.headers.get('allow')]).toEqual([
      405,
      'DELETE, GET, HEAD, OPTIONS, PUT',
    ]);
    expect((await call('POST', '/rest/api/2/issue', 'x'.repeat(1_100_000))).answer.status).toBe(413);
  });

  it('demo: what was received is listed, and looking does not count', async () => {
    await call('GET', '/rest/api/2/myself');
    await call('GET', '/received');
    expect((await call('GET', '/received')).content).toEqual({
      count: 1,
      requests: [{ method: 'GET', path: '/rest/api/2/myself', user: 'alice' }],
    });
  });
});
