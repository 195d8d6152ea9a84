import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaseGateway } from '../cases/access-case.gateway.js';
import { requirementsOf, type AccessCase } from '../cases/access-case.js';
import { fillSecrets, linesOf } from '../cases/access-case.request.js';
import { SCOPE_CASES } from '../cases/scope.cases.js';
import { TOKEN_STATE_CASES } from '../cases/token-state.cases.js';
import { InstalledExample, NEST_EXAMPLES, packNestPackage, type RunningExample } from '../support/nest-example.js';
import { sendRaw } from '../support/raw-client.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

/** The application whose rules each case sets. */
const KEY = 'guarded';

/** Fastify has no route for some others, and answers with 404. */
const METHODS_OF_FASTIFY = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

const folder = createTemporaryFolder('nest-cases');
let scopegate: CaseGateway;
let credential: string;
let tarball: string;

beforeAll(async () => {
  scopegate = await CaseGateway.start();
  credential = await scopegate.createGuardToken();
  tarball = await packNestPackage(folder.path);
}, 300_000);

afterAll(async () => {
  await scopegate.stop();
  await folder.remove();
});

const rows = [...SCOPE_CASES, ...TOKEN_STATE_CASES]
  .filter((row) => row.notProxied === undefined)
  .map((row) => [`${requirementsOf(row)}: ${row.name}`, row] as const);

/** What may come of a case: the status, and the code of the problem or the name of the user. */
function expectationsOf(row: AccessCase): readonly (readonly [status: number, what: string])[] {
  const { expect: expected, request, permissions, application } = row;
  const method = request.method ?? 'GET';
  // Then the token of the guard itself may not be used.
  if (permissions?.useTokens?.groups.length === 0) return [[503, 'decision_unavailable']];
  const isExcepted = method === 'POST' && application !== 'management' && application?.exceptions !== undefined;
  // Of XML no body is read.
  const needsBody = isExcepted && JSON.stringify(request.credential).includes('<ro>') && !hasType(row, 'text/xml');
  switch (expected.decision) {
    case 'deny': {
      const refused = [expected.status, expected.publicCode] as const;
      return needsBody ? [refused, [403, 'body_needed']] : [refused];
    }
    case 'pass':
      // Nothing behind a guard judges passwords and cookies.
      return [
        [401, 'password_disabled'],
        [401, 'authentication_required'],
      ];
    case 'allow': {
      const user = expected.upstream.receives ? (expected.upstream.user ?? 'alice') : 'alice';
      return needsBody ? [[403, 'body_needed']] : [[200, user]];
    }
  }
}

const hasType = ({ request }: AccessCase, type?: string): boolean =>
  (request.headers ?? []).some(
    ([name, value]) => /^content-(?:type|encoding)$/i.test(name) && value === (type ?? value),
  );

describe.each(NEST_EXAMPLES)('R89: the example %s', (name) => {
  let installed: InstalledExample;
  let example: RunningExample;

  beforeAll(async () => {
    installed = await InstalledExample.install(name, tarball);
    await scopegate.applyApplication(KEY, { kind: 'generic' });
    example = await installed.start({
      SCOPEGATE_URL: scopegate.url,
      SCOPEGATE_CREDENTIAL: credential,
      SCOPEGATE_APPLICATION: KEY,
      SCOPEGATE_TTL_MS: '0',
    });
  }, 300_000);

  afterAll(async () => {
    await example.stop();
    installed.remove();
  });

  const isFastify = name.includes('fastify');
  // Fastify reads a body by its type, and so refuses one, before a guard.
  const ownRows = rows.filter(([, row]) => !(isFastify && hasType(row)));

  it.each(ownRows)('%s', async (_title, row) => {
    const { request } = row;
    const { port } = new URL(example.url);
    const answer = await scopegate.arranged(row, KEY, (secrets) => {
      const query = request.query === undefined ? '' : `?${fillSecrets(request.query, secrets)}`;
      // The guard does not see a body, and a parser that refuses one answers before it.
      const lines = linesOf(row, secrets, `127.0.0.1:${port}`).filter(
        ([line]) => line !== 'Content-Length' && !(isFastify && line === 'Content-Type'),
      );
      const head = [
        `${request.method ?? 'GET'} ${request.path}${query} HTTP/1.1`,
        ...lines.map(([line, value]) => `${line}: ${value}`),
        '',
        '',
      ].join('\r\n');
      return sendRaw(Number(port), Buffer.from(head, 'utf8'), { closeWaitMs: 0 });
    });
    if (isFastify && answer.status === 404) {
      expect(METHODS_OF_FASTIFY).not.toContain(request.method ?? 'GET');
      return;
    }
    const possible = expectationsOf(row);
    if (request.method === 'HEAD') {
      expect(possible.map(([status]) => status)).toContain(answer.status);
      return;
    }
    const body = answer.json<{ readonly code?: string; readonly caller?: { readonly username: string } }>();
    expect(possible).toContainEqual([answer.status, body.code ?? body.caller?.username]);
  });
});
