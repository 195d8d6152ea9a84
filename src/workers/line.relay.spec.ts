import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { relayLines } from './line.relay.js';

it('R62: lines of two sources are never cut, however they arrive, and half a line is ended', async () => {
  const target = new PassThrough();
  const [one, other] = [new PassThrough(), new PassThrough()];
  relayLines(one, target);
  relayLines(other, target);
  for (const [source, text] of [
    [one, 'first of '],
    [other, 'other 1\nother '],
    [one, 'one\nsecond'],
    [other, '2'],
    [other, '\n'],
    [one, ' of one\nkilled in the mid'],
  ] as const) {
    source.write(text);
    await turn();
  }
  one.end();
  await turn();
  expect(String(target.read())).toBe('other 1\nfirst of one\nother 2\nsecond of one\nkilled in the mid\n');
});

it('R62: a reader that stalls is waited for, and nothing piles up in between', async () => {
  const taken: (() => void)[] = [];
  const target = new Writable({ highWaterMark: 8, write: (_chunk, _encoding, done) => void taken.push(done) });
  const source = new PassThrough({ highWaterMark: 8 });
  relayLines(source, target);
  source.write('a line of more than eight\n');
  await turn();
  expect(source.isPaused()).toBe(true);
  taken.shift()?.();
  await turn();
  expect(source.isPaused()).toBe(false);
});
