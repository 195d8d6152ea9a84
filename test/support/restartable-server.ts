import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createApiClient, type ApiClient } from './api.client.js';
import { freePort } from './free-port.js';
import { listen } from './listen.js';
import type { LoadAnswer, LoadRequest } from './load.client.js';
import { privateEnvironment } from './private-process.js';
import type { TestEvent } from './scopegate.fixture.js';
import { createSecrets, startScopegate, type ScopegateOptions, type ScopegateProcess } from './scopegate.process.js';
import { createTemporaryFolder } from './temporary-folder.js';
import { createTestApplication, createTestToken } from './test-application.js';

const ADMIN_PASSWORD = 'correct horse battery';
const VERIFY_PROGRAM = new URL('../../dist/src/audit-verify.js', import.meta.url).pathname;

export type RestartableOptions = Pick<ScopegateOptions, 'env' | 'nodeArgs' | 'management'> & {
  /** The URL of the upstream. Default: one that answers at once. */
  readonly upstream?: string;
  /** The scope of the token. Default: `read-only`. */
  readonly scope?: 'read-only' | 'read-write';
};

/** A server process that can end and start again on the same data, with one application, at `/app`, and one token. */
export type RestartableServer = {
  /** The process of the last start. */
  readonly node: () => ScopegateProcess;
  readonly admin: () => ApiClient;
  readonly token: { readonly id: string; readonly secret: string; readonly headers: Readonly<Record<string, string>> };
  /** Starts it again after it has ended. It does not drain, unless `env` says so. */
  startAgain(options?: Pick<ScopegateOptions, 'env' | 'nodeArgs'>): Promise<void>;
  /** The stored events of the application. */
  events(): Promise<readonly TestEvent[]>;
  /** How often the token was used, according to the API. */
  useCount(): Promise<number>;
  /** Runs the program of `npm run audit:verify` on the same database. @returns its exit code */
  verify(): number;
  end(): Promise<void>;
};

export async function startRestartableServer(options: RestartableOptions = {}): Promise<RestartableServer> {
  const upstream = options.upstream === undefined ? await startFastUpstream() : null;
  const folder = createTemporaryFolder('restartable');
  const dataFolder = options.env?.['SCOPEGATE_DATA_DIR'] ?? join(folder.path, 'data');
  const port = await freePort();
  const env = { SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD, ...createSecrets(), ...options.env };
  const start = (more: Pick<ScopegateOptions, 'env' | 'nodeArgs'> = {}): Promise<ScopegateProcess> =>
    startScopegate({ ...options, ...more, port, dataFolder, env: { ...env, ...more.env } });
  let node = await start();
  const admin = (): ApiClient =>
    createApiClient(node.managementUrl ?? node.url, { user: 'admin', password: ADMIN_PASSWORD });
  await createTestApplication(admin(), options.upstream ?? upstream?.url ?? '');
  expect(await admin().patch('/settings', { throttling: { maxFailures: 0 } })).toMatchObject({ status: 200 });
  const { id, secret } = await createTestToken(admin(), options.scope);
  return {
    node: () => node,
    admin,
    token: { id, secret, headers: { Authorization: `Bearer ${secret}` } },
    async startAgain(more) {
      node = await start({ ...more, env: { SCOPEGATE_DRAIN_MS: '0', ...more?.env } });
    },
    async events() {
      const answer = await admin().get<string>('/audit-events/export?application=app');
      expect(answer.status).toBe(200);
      return answer.body
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as TestEvent);
    },
    async useCount() {
      const answer = await admin().get<{ useCount: number }>(`/tokens/${id}`);
      expect(answer.status).toBe(200);
      return answer.body.useCount;
    },
    verify() {
      const environment = {
        ...privateEnvironment(folder.path),
        DATABASE_URL: `sqlite:${join(dataFolder, 'scopegate.sqlite')}`,
        ...env,
        SCOPEGATE_DATA_DIR: dataFolder,
      };
      return spawnSync(process.execPath, [VERIFY_PROGRAM], { env: environment }).status ?? 1;
    },
    async end() {
      await node.stop();
      upstream?.stop();
      await folder.remove();
    },
  };
}

/** Reads with the token, and some writes, which a read-only token may not do. */
export function reads({ token: { headers } }: RestartableServer): (index: number) => LoadRequest {
  return (index) => ({ method: index % 10 === 0 ? 'POST' : 'GET', path: `/app/things/${index}`, headers });
}

/** Counts the answers without an event, and the requests with more than one. */
export function compare(
  answers: readonly LoadAnswer[],
  events: readonly Pick<TestEvent, 'requestId'>[],
): { readonly missing: number; readonly duplicates: number } {
  const times = new Map<string, number>();
  for (const { requestId } of events) if (requestId !== null) times.set(requestId, (times.get(requestId) ?? 0) + 1);
  return {
    missing: answers.filter(({ requestId }) => !times.has(requestId)).length,
    duplicates: [...times.values()].filter((count) => count > 1).length,
  };
}

/** An upstream that answers at once and records nothing. */
async function startFastUpstream(): Promise<{ readonly url: string; stop(): void }> {
  const server = createServer((_request, response) => response.end('{"upstream":"ok"}'));
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
