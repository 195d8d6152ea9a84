import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a request of the load is. */
export type LoadRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** An answer whose head has come, whatever became of its body. */
export type LoadAnswer = {
  readonly requestId: string;
  readonly status: number;
  /** The problem code of a refusal; null where the upstream answered. */
  readonly code: string | null;
};

/** Clients that send one request after the other until `stop()`. */
export type Load = {
  readonly answers: readonly LoadAnswer[];
  /** Requests whose connection broke before an answer. */
  readonly broken: number;
  stop(): Promise<void>;
};

/**
 * Puts a server under load.
 * @param next what the next request is
 */
export function startLoad(port: number, clients: number, next: (index: number) => LoadRequest): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const answers: LoadAnswer[] = [];
  let broken = 0;
  let isStopping = false;
  let index = 0;

  const send = (wanted: LoadRequest): Promise<void> =>
    new Promise((resolve) => {
      const requestId = randomBytes(12).toString('hex');
      const headers = { ...wanted.headers, 'X-Request-Id': requestId };
      const sent = request({ port, agent, method: wanted.method, path: wanted.path, headers }, (answer) => {
        const isProblem = answer.headers['content-type'] === 'application/problem+json';
        const place = answers.push({ requestId, status: answer.statusCode ?? 0, code: null }) - 1;
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('close', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const code = isProblem && answer.complete ? (JSON.parse(text) as { code: string }).code : null;
          answers[place] = { requestId, status: answer.statusCode ?? 0, code };
          resolve();
        });
      });
      sent.once('error', () => {
        broken += 1;
        // A server that is gone is not asked thousands of times a second.
        setTimeout(resolve, 5);
      });
      sent.end();
    });
  const running = Array.from({ length: clients }, async () => {
    while (!isStopping) await send(next((index += 1)));
  });
  return {
    answers,
    get broken(): number {
      return broken;
    },
    async stop(): Promise<void> {
      isStopping = true;
      await Promise.all(running);
      agent.destroy();
    },
  };
}

/** Waits until so many answers have come, for a minute at most. */
export async function waitForAnswers(load: Load, count: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (load.answers.length < count && Date.now() < deadline) await sleep(10);
}
