import { describe, expect, it } from 'vitest';
import { ProcessChannel } from './process.channel.js';

type TestChannel = ProcessChannel<
  object,
  {
    double: { question: number; answer: number };
    fail: { question: null; answer: null };
    hang: { question: null; answer: null };
    unknown: { question: null; answer: null };
  }
>;

/** Two ends that are connected; what is sent is copied as it is between processes. */
function connect(): readonly [TestChannel, TestChannel] {
  const one: TestChannel = new ProcessChannel((message) => other.receive(JSON.parse(JSON.stringify(message))));
  const other: TestChannel = new ProcessChannel((message) => one.receive(JSON.parse(JSON.stringify(message))));
  return [one, other];
}

describe('the channel between two processes', () => {
  it('R62: answers what is asked, each question its own answer, in whatever order', async () => {
    const [one, other] = connect();
    const waiting: (() => void)[] = [];
    other.answer('double', (body) => new Promise((resolve) => waiting.push(() => resolve(body * 2))));
    const answers = Promise.all([1, 2, 3].map((body) => one.ask('double', body, 30_000)));
    await expect.poll(() => waiting.length).toBe(3);
    for (const answer of waiting.toReversed()) answer();
    expect(await answers).toEqual([2, 4, 6]);
  });

  it('R62: reports failures, a missing peer, a late answer and an end', async () => {
    const [one, other] = connect();
    other.answer('fail', () => {
      throw new Error('broken');
    });
    other.answer('hang', () => new Promise(() => undefined));
    await expect(one.ask('fail', null, 30_000)).rejects.toThrow('broken');
    await expect(one.ask('unknown', null, 30_000)).rejects.toThrow('unknown');
    await expect(one.ask('hang', null, 10)).rejects.toThrow('No answer within 10 ms');
    const asked = one.ask('hang', null, null);
    one.close();
    await expect(asked).rejects.toThrow('has ended');
    await expect(one.ask('hang', null, null)).rejects.toThrow('has ended');
  });

  it('R62: ignores messages of others, and answers that are not awaited', () => {
    const sent: object[] = [];
    const channel = new ProcessChannel((message) => sent.push(message));
    for (const message of [null, 'text', 5, { cmd: 'NODE_CLUSTER' }, { scopegate: 'answer', id: 9, body: 1 }]) {
      channel.receive(message);
    }
    expect(sent).toEqual([]);
  });
});
