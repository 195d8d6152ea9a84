import { PROBLEM_DESCRIPTIONS } from '@scopegate/problem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiClient, type ProblemBody } from '../support/api.client.js';
import { expectProblem } from '../support/expect-problem.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';

/** What a browser says of itself when an address is opened. */
const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

let server: ScopegateProcess;

beforeAll(async () => {
  server = await startScopegate({ management: true });
});

afterAll(() => server.stop());

const managementUrl = (): string => server.managementUrl ?? server.url;

const open = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  fetch(url, { method, headers, redirect: 'manual' });

describe('the address of a problem type', () => {
  it('R66: is a page for a browser and JSON for a program, for every code there is', async () => {
    expect(PROBLEM_DESCRIPTIONS.length).toBeGreaterThan(35);
    for (const { code, title, when } of PROBLEM_DESCRIPTIONS) {
      const url = `${managementUrl()}/docs/problems/${code}`;
      const page = await open(url, BROWSER);
      expect([page.status, page.headers.get('content-type'), page.headers.get('vary')], code).toEqual([
        200,
        'text/html; charset=utf-8',
        'Accept',
      ]);
      const text = await page.text();
      expect(text, code).toContain(`<code>${code}</code>`);
      expect(text, code).toContain('<meta name="viewport"');
      expect(text, code).not.toMatch(/<script|`/);
      const answer = await open(url);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await answer.json()).toMatchObject({ type: `/docs/problems/${code}`, code, title, when });
    }
  });

  it('R66: is the one that a problem names, resolved where the management API answers', async () => {
    const api = createApiClient(managementUrl());
    const { body } = await api.get<ProblemBody>('/me');
    const described = (await (await open(new URL(body.type, managementUrl()).href)).json()) as ProblemBody;
    expect(described.code).toBe(body.code);
    const proxied = (await (await open(`${server.url}/nowhere`)).json()) as ProblemBody;
    expect(proxied.type).toBe('/docs/problems/application_not_found');
    expect((await open(new URL(proxied.type, managementUrl()).href)).status).toBe(200);
    // The first port only proxies and authorizes.
    expect((await open(new URL(proxied.type, server.url).href)).status).toBe(404);
  });

  it('R66: lists every code at the address above, and refuses an unknown one as a problem', async () => {
    const list = await (await open(`${managementUrl()}/docs/problems`, BROWSER)).text();
    for (const { code } of PROBLEM_DESCRIPTIONS) expect(list).toContain(`href="/docs/problems/${code}"`);
    const { items } = (await (await open(`${managementUrl()}/docs/problems`)).json()) as { items: unknown[] };
    expect(items).toHaveLength(PROBLEM_DESCRIPTIONS.length);
    for (const code of ['nothing', 'toString', '__proto__', '%3Cscript%3E', 'scope_insufficient%2F', 'a%00']) {
      const answer = await open(`${managementUrl()}/docs/problems/${code}`, BROWSER);
      expectProblem({ status: answer.status, headers: answer.headers, body: await answer.json() }, 404, 'not_found');
    }
  });
});

describe('the address of the server itself', () => {
  it('R66: leads a browser to the console, and says to a program where that is', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await open(`${managementUrl()}/?from=bookmark`, BROWSER, method);
      expect([answer.status, answer.headers.get('location'), answer.headers.get('vary')]).toEqual([
        302,
        '/console',
        'Accept',
      ]);
      expect(answer.headers.get('x-request-id')).toMatch(/./);
    }
    const answer = await open(`${managementUrl()}/`);
    const body = await answer.json();
    const problem = expectProblem(
      { status: answer.status, headers: answer.headers, body },
      404,
      'application_not_found',
    );
    expect(problem.detail).toContain('/docs');
  });

  it('R66: is a 404 for everything else, as every unknown path is', async () => {
    expect((await open(`${managementUrl()}/`, BROWSER, 'POST')).status).toBe(404);
    for (const path of ['/index.html', '//', '/nowhere']) {
      expect((await open(`${managementUrl()}${path}`, BROWSER)).status, path).toBeGreaterThanOrEqual(400);
    }
    // The documentation is not on the port that proxies.
    expect((await open(`${server.url}/`, BROWSER)).status).toBe(404);
  });

  it('R66: belongs to the application that is mounted there', async () => {
    const upstream: RecordingUpstream = await startRecordingUpstream();
    const single = await startScopegate();
    try {
      const admin = createApiClient(single.url, { user: 'admin', password: single.adminPassword });
      expect((await open(`${single.url}/`, BROWSER)).status).toBe(302);
      const application = { kind: 'generic', upstream: upstream.url, anonymous: 'allow' };
      await admin.post('/applications', { ...application, key: 'host', mount: { host: 'reports.example.com' } });
      await admin.post('/applications', { ...application, key: 'root', mount: { pathPrefix: '/' } });
      expect((await open(`${single.url}/`, BROWSER)).status).toBe(200);
      expect(upstream.lastRequest?.target).toBe('/');
      expect((await open(`${single.url}/docs`, BROWSER)).status).toBe(200);
    } finally {
      await single.stop();
      await upstream.stop();
    }
  });
});

describe('the challenge of a 401', () => {
  it('R66: is missing for a script of the own pages, which a login dialog would cover', async () => {
    const script = { 'Sec-Fetch-Dest': 'empty', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'same-origin' };
    for (const headers of [
      script,
      { ...script, Authorization: 'Basic eDp5' },
      { ...script, Authorization: 'Bearer x' },
    ]) {
      const answer = await open(`${managementUrl()}/api/v1/me`, headers);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, null]);
    }
    const opened = await open(`${managementUrl()}/api/v1/me`, { 'Sec-Fetch-Dest': 'document' });
    expect(opened.headers.get('www-authenticate')).toBe('Basic realm="Scopegate", charset="UTF-8"');
  });
});
