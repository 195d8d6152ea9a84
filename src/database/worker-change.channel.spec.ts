import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ProcessChannel } from '../workers/process.channel.js';
import { TOPICS } from '../workers/worker.link.js';
import { ChangeFeed } from './change-feed.js';
import { WorkerChangeChannel } from './worker-change.channel.js';

it('R64: a change that another worker tells of does not wait for the one before, and the end waits for both', async () => {
  const primary = new ProcessChannel(() => undefined);
  const changes = new ChangeFeed();
  const channel = new WorkerChangeChannel({ number: 1, node: 'node', primary }, changes);
  channel.onModuleInit();
  const acted: string[] = [];
  let goOn: () => void = () => undefined;
  changes.subscribe('token', async (subjects) => {
    if (subjects !== 'all' && subjects.has('slow')) await new Promise<void>((resolve) => (goOn = resolve));
    acted.push(...subjects);
  });
  const tell = (subject: string): void =>
    primary.receive({ scopegate: 'tell', topic: TOPICS.changes, body: [{ topic: 'token', subject }] });

  tell('slow');
  tell('revoked');
  await turn();
  expect(acted).toEqual(['revoked']);

  let hasEnded = false;
  const ended = channel.onModuleDestroy().then(() => (hasEnded = true));
  tell('too late');
  await turn();
  expect(hasEnded).toBe(false);
  goOn();
  await ended;
  expect(acted).toEqual(['revoked', 'slow']);
});
