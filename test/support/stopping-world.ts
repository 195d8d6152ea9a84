import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createApiClient, type ApiClient } from './api.client.js';
import { freePort } from './free-port.js';
import { privateEnvironment } from './private-process.js';
import { startRecordingUpstream, type RecordingUpstream } from './recording-upstream.js';
import {
  createSecrets,
  startScopegate,
  type ScopegateOptions,
  type ScopegateProcess,
  type ScopegateSecrets,
} from './scopegate.process.js';
import { createTemporaryFolder } from './temporary-folder.js';

const ADMIN_PASSWORD = 'correct horse battery';
const VERIFY_PROGRAM = new URL('../../dist/src/audit-verify.js', import.meta.url).pathname;

export type RequestEvent = {
  readonly requestId: string;
  readonly method: string | null;
  readonly path: string;
  readonly outcome: string;
  readonly status: number | null;
};

/** A gate on data of its own that is stopped and started again, with an upstream that records what reaches it. */
export type StoppingWorld = {
  readonly gate: () => ScopegateProcess;
  readonly admin: () => ApiClient;
  readonly upstream: RecordingUpstream;
  /** A token of scope read-write; its header lines. */
  readonly token: { readonly id: string; readonly headers: Readonly<Record<string, string>> };
  /** Starts it again after it has ended; it does not drain, unless it is told to. */
  startAgain(options?: Pick<ScopegateOptions, 'env' | 'nodeArgs'>): Promise<void>;
  /** The events of the application, after everything in the journal has been stored. */
  events(): Promise<readonly RequestEvent[]>;
  /** How often the token was used, as the API tells it. */
  useCount(): Promise<number>;
  /** Runs `npm run audit:verify`'s program on the same database. @returns its exit code */
  verify(): number;
  end(): Promise<void>;
};

/** Starts the gate and mounts the upstream at `/app`. */
export async function startStoppingWorld(
  options: Pick<ScopegateOptions, 'env' | 'nodeArgs' | 'management'> = {},
): Promise<StoppingWorld> {
  const upstream = await startRecordingUpstream();
  const folder = createTemporaryFolder('stopping');
  const dataFolder = join(folder.path, 'data');
  const port = await freePort();
  const secrets: ScopegateSecrets = createSecrets();
  const start = (more: Pick<ScopegateOptions, 'env' | 'nodeArgs'> = {}): Promise<ScopegateProcess> =>
    startScopegate({
      ...options,
      port,
      dataFolder,
      ...(more.nodeArgs === undefined ? {} : { nodeArgs: more.nodeArgs }),
      env: { SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD, ...secrets, ...options.env, ...more.env },
    });
  let gate = await start();
  const admin = (): ApiClient =>
    createApiClient(gate.managementUrl ?? gate.url, { user: 'admin', password: ADMIN_PASSWORD });
  const application = { key: 'app', kind: 'generic', mount: { pathPrefix: '/app' }, upstream: upstream.url };
  expect((await admin().post('/applications', application)).status).toBe(201);
  expect((await admin().patch('/settings', { throttling: { maxFailures: 0 } })).status).toBe(200);
  const token = await admin().post<{ id: string; secret: string }>('/tokens', {
    description: 'stopping',
    scope: 'read-write',
  });
  expect(token.status).toBe(201);
  return {
    gate: () => gate,
    admin,
    upstream,
    token: { id: token.body.id, headers: { Authorization: `Bearer ${token.body.secret}` } },
    async startAgain(more) {
      gate = await start({ ...more, env: { SCOPEGATE_DRAIN_MS: '0', ...more?.env } });
    },
    async events() {
      const answer = await admin().get<string>('/audit-events/export?application=app');
      expect(answer.status).toBe(200);
      return (
        answer.body
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as RequestEvent)
          // Besides those of requests, there is the event of the change that made the application.
          .filter(({ method }) => method !== null)
      );
    },
    async useCount() {
      const answer = await admin().get<{ useCount: number }>(`/tokens/${token.body.id}`);
      expect(answer.status).toBe(200);
      return answer.body.useCount;
    },
    verify() {
      const run = spawnSync(process.execPath, [VERIFY_PROGRAM], {
        encoding: 'utf8',
        env: {
          ...privateEnvironment(folder.path),
          SCOPEGATE_DATA_DIR: dataFolder,
          DATABASE_URL: options.env?.['DATABASE_URL'] ?? `sqlite:${join(dataFolder, 'scopegate.sqlite')}`,
          ...secrets,
        },
      });
      return run.status ?? 1;
    },
    async end() {
      await gate.stop();
      await upstream.stop();
      await folder.remove();
    },
  };
}
