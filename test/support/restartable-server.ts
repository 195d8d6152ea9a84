import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { createApiClient, type ApiClient } from './api.client.js';
import { freePort } from './free-port.js';
import type { Load, LoadAnswer, LoadRequest } from './load.client.js';
import { createSecrets, startScopegate, type ScopegateProcess } from './scopegate.process.js';
import { createTemporaryFolder, type TemporaryFolder } from './temporary-folder.js';

const ADMIN_PASSWORD = 'correct horse battery';

export interface StoredEvent {
  readonly requestId: string | null;
  readonly outcome: string;
  readonly code: string | null;
  readonly count: number;
  readonly type: string;
}

/** A server process that is started again and again on the same data, with an application and two tokens. */
export interface World {
  readonly admin: () => ApiClient;
  readonly server: () => ScopegateProcess;
  /** Starts it again after it has ended. */
  startAgain(): Promise<void>;
  readonly token: { readonly id: string; readonly secret: string };
  /** A token that nobody has used yet. */
  readonly unused: string;
  events(): Promise<readonly StoredEvent[]>;
  end(): Promise<void>;
}

/** Starts a server process with an application in front of an upstream that answers at once. */
export async function startWorld(env: Readonly<Record<string, string>>): Promise<World> {
  const upstream = await startUpstream();
  const folder: TemporaryFolder = createTemporaryFolder('crash');
  const dataFolder = join(folder.path, 'data');
  const port = await freePort();
  const environment = { SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD, ...createSecrets(), ...env };
  const start = (): Promise<ScopegateProcess> => startScopegate({ port, dataFolder, env: environment });
  let server = await start();
  const admin = (): ApiClient => createApiClient(server.url, { user: 'admin', password: ADMIN_PASSWORD });
  const expectAnswer = async (
    path: string,
    body: unknown,
    status: number,
    method: 'post' | 'patch',
  ): Promise<unknown> => {
    const answer = await admin()[method](path, body);
    if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const application = {
    key: 'app',
    kind: 'generic',
    mount: { pathPrefix: '/app' },
    upstream: upstream.url,
    name: 'App',
  };
  await expectAnswer('/applications', application, 201, 'post');
  await expectAnswer('/settings', { throttling: { maxFailures: 0 } }, 200, 'patch');
  const newToken = { description: 'load', scope: 'read-only' };
  const token = (await expectAnswer('/tokens', newToken, 201, 'post')) as { id: string; secret: string };
  const unused = (await expectAnswer('/tokens', newToken, 201, 'post')) as { secret: string };
  return {
    admin,
    server: () => server,
    async startAgain() {
      server = await start();
    },
    token,
    unused: unused.secret,
    async events() {
      const answer = await admin().get<string>('/audit-events/export?application=app');
      expect(answer.status).toBe(200);
      return answer.body
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as StoredEvent);
    },
    async end() {
      await server.stop();
      upstream.stop();
      await folder.remove();
    },
  };
}

/** Reads, and some writes that a read-only token is refused. */
export function reads(world: World): (index: number) => LoadRequest {
  const headers = { Authorization: `Bearer ${world.token.secret}` };
  return (index) => ({ method: index % 10 === 0 ? 'POST' : 'GET', path: `/app/things/${index}`, headers });
}

/** What is wrong with the stored events, in numbers: every answer is there once. */
export function compare(
  answers: readonly LoadAnswer[],
  events: readonly StoredEvent[],
): { readonly missing: number; readonly duplicates: number } {
  const times = new Map<string, number>();
  for (const { requestId } of events) if (requestId !== null) times.set(requestId, (times.get(requestId) ?? 0) + 1);
  return {
    missing: answers.filter(({ requestId }) => !times.has(requestId)).length,
    duplicates: [...times.values()].filter((count) => count > 1).length,
  };
}

export async function waitForAnswers(load: Load, count: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (load.answers.length < count && Date.now() < deadline) await sleep(10);
}

async function startUpstream(): Promise<{ readonly url: string; stop(): void }> {
  const server = createServer((_request, response) => response.end('{"upstream":"ok"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
