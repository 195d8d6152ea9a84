import { describe, expect, it } from 'vitest';
import { shareServer } from '../support/gateway-test.js';
import { request } from '../support/raw-client.js';

const FIRST_SEGMENTS = ['api', 'docs', 'metrics', 'health', 'version', 'authorize', 'introspect', '.well-known'];

/** What may follow the first segment of one of the server's own paths. */
const ODD_REMAINDERS = [
  '/../x',
  '/..',
  '/.',
  '/./',
  '/%2e%2e/x',
  '/..%2fx',
  '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '/..%5cx',
  '/.git/config',
  '/.env',
  '/index.html/../../x',
  '//x',
  '//',
  '/',
  '/x/../../../../x',
  '/%00',
  '/x%00.html',
  '/%0d%0aX: y'.replace(' ', '%20'),
  '/%',
  '/%zz',
  '/%e0%a4%a',
  '/%c0%ae%c0%ae/x',
  '/%ff',
  '/;a=b',
  '/..;/x',
  `/${'x'.repeat(3_000)}`,
  `/${'x/'.repeat(4_000)}`,
  `/${'%41'.repeat(2_500)}`,
  `/${'../'.repeat(2_500)}`,
  '/*',
  '/:key',
  '/v1/applications/..%2f..%2fx',
  '/v1/users/%00',
  '/static/../x',
  '/openapi.json/..',
  '/swagger-ui.css/../../x',
  '/swagger-ui-bundle.js%00',
];

const server = await shareServer();
const split = await shareServer({ management: true });

describe('odd paths below the server’s own first segments', () => {
  it.each(FIRST_SEGMENTS.flatMap((segment) => ['GET', 'HEAD', 'POST'].map((method) => [method, segment] as const)))(
    'R112: %s /%s/…: what is not there is a problem, and nothing is a failure of the server',
    async (method, segment) => {
      const isPublic = segment === 'docs' || segment === 'metrics' || segment === 'health';
      for (const port of [server.port, split.port, split.managementPort]) {
        for (const remainder of ODD_REMAINDERS) {
          const target = `/${segment}${remainder}`;
          const answer = await request({ port, method, target }, { closeWaitMs: 0 });
          const told = `${method} ${target.slice(0, 60)} on ${port}: ${answer.status}`;
          if (isPublic && (answer.status === 200 || answer.status === 302)) continue;
          // Only a trusted proxy may ask for a decision.
          expect([400, 401, ...(segment === 'authorize' ? [403] : []), 404, 405], told).toContain(answer.status);
          expect(answer.header('content-type'), told).toMatch(/^application\/problem\+json/);
          if (method === 'HEAD') continue;
          expect(answer.json(), told).toMatchObject({ status: answer.status, requestId: expect.any(String) });
          expect(answer.text(), told).not.toMatch(/\bat .*\.js|node_modules|ENOENT|"stack"/);
        }
      }
    },
  );

  it.each([
    ['If-Match', '"x"'],
    ['If-Unmodified-Since', 'Mon, 01 Jan 1990 00:00:00 GMT'],
    ['Range', 'bytes=99999999-'],
    ['Range', 'nonsense'],
    ['Accept', 'nonsense'],
    ['Accept-Encoding', 'nonsense;q=x'],
    ['Accept-Version', '99'],
  ])(
    'R112: %s: %s at the files of the documentation and the console is no failure of the server',
    async (name, value) => {
      const documentation = ['/docs', '/docs/', '/docs/swagger-ui.css', '/docs/openapi.json', '/docs/nothing.css'];
      for (const target of [...documentation, '/console', '/console/tokens', '/console/assets/nothing.js']) {
        const answer = await request({ port: server.port, target, headers: [[name, value]] }, { closeWaitMs: 0 });
        expect(answer.status, target).toBeLessThan(500);
        if (answer.status >= 400) expect(answer.header('content-type'), target).toMatch(/^application\/problem\+json/);
      }
    },
  );

  it('R112: /docs/../x is a 404', async () => {
    const answer = await request({ port: server.port, target: '/docs/../x' });
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([404, 'not_found']);
  });
});
