import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Clock } from '../common/time/clock.js';
import { readConfiguration } from '../config/env.js';
import { ChangeFeed } from '../database/change-feed.js';
import { ChangeChannel } from './change.channel.js';
import { PeerLink } from './peer.link.js';
import { ProcessChannel } from './process.channel.js';
import { RedisLink } from './redis.link.js';

it('R64: a change that another worker tells of does not wait for the one before, and the end waits for both', async () => {
  const primary = new ProcessChannel(() => undefined);
  const channel = new ChangeChannel(
    new PeerLink({ number: 1, node: 'node', primary }),
    new RedisLink(readConfiguration({}), new Clock()),
  );
  const changes = new ChangeFeed(channel);
  changes.onModuleInit();
  const acted: string[] = [];
  let goOn: () => void = () => undefined;
  changes.subscribe('token', async (subjects) => {
    if (subjects !== 'all' && subjects.has('slow')) await new Promise<void>((resolve) => (goOn = resolve));
    acted.push(...subjects);
  });
  const tell = (subject: string): void =>
    primary.receive({ scopegate: 'tell', topic: 'changes', body: [{ topic: 'token', subject }] });

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
