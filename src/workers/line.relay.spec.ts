import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
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

describe('a reader that goes away', () => {
  const ENDS = ['drain', 'error', 'close'] as const;

  /** A target whose writes are answered when the test says so, and end in failure where it gives one. */
  function createTarget(): { readonly target: Writable; readonly answer: (error?: Error) => void } {
    const taken: ((error?: Error) => void)[] = [];
    const target = new Writable({
      highWaterMark: 8,
      autoDestroy: false,
      write: (_chunk, _encoding, done) => void taken.push(done),
    });
    target.on('error', () => undefined);
    return { target, answer: (error) => taken.shift()?.(error) };
  }

  it.each([
    ['fails while it is waited for', ({ answer }: ReturnType<typeof createTarget>) => answer(new Error('EPIPE'))],
    ['is closed while it is waited for', ({ target }: ReturnType<typeof createTarget>) => void target.destroy()],
  ])('R62: is no longer awaited if it %s, and no listener stays', async (_name, goAway) => {
    const made = createTarget();
    const before = ENDS.map((event) => made.target.listenerCount(event));
    const source = new PassThrough({ highWaterMark: 8 });
    relayLines(source, made.target);
    source.write('a line of more than eight\n');
    await turn();
    expect(source.isPaused()).toBe(true);
    goAway(made);
    await turn();
    expect(source.isPaused()).toBe(false);
    expect(ENDS.map((event) => made.target.listenerCount(event))).toEqual(before);
    // What comes from then on is read and dropped, and so the end is reached.
    const ended = new Promise((resolve) => source.once('end', resolve));
    source.end('another line of more than eight\n'.repeat(20));
    await ended;
  });

  it('R62: is not waited for where a write fails at once, each time', async () => {
    const target = new Writable({
      highWaterMark: 8,
      autoDestroy: false,
      write: (_chunk, _encoding, done) => done(new Error('EPIPE')),
    });
    target.on('error', () => undefined);
    const source = new PassThrough({ highWaterMark: 8 });
    relayLines(source, target);
    for (let time = 0; time < 20; time += 1) {
      source.write('a line of more than eight\n');
      await turn();
      expect(source.isPaused()).toBe(false);
    }
  });
});
