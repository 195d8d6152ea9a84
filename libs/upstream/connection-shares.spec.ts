import { describe, expect, it } from 'vitest';
import { ConnectionShares, shareOf, streamShareOf } from './connection-shares.js';

it.each([
  [4, 1, 1],
  [7, 1, 1],
  [8, 2, 1],
  [19, 4, 2],
  [512, 128, 64],
])('R112: of %i connections a share has %i, and %i of those for event streams', (connections, share, streams) => {
  expect([shareOf(connections), streamShareOf(shareOf(connections))]).toEqual([share, streams]);
});

/** Takes as many places as there are, and lets the rest wait. @returns how many were taken */
function askFor(shares: ConnectionShares<string>, key: string, count: number): number {
  const holder = shares.holder(key);
  let taken = 0;
  for (let index = 0; index < count; index += 1) {
    if (shares.take(holder)) taken += 1;
    else shares.wait(holder, `${key}${index}`);
  }
  return taken;
}

describe('connections', () => {
  it('R112: one holder has at most its share, and others do not wait for it', () => {
    const shares = new ConnectionShares<string>(8);
    expect(askFor(shares, 'a', 10)).toBe(2);
    expect([shares.waiting, shares.isTurnDue, shares.next()]).toEqual([8, false, null]);
    expect(askFor(shares, 'b', 1)).toBe(1);
    shares.release(shares.holder('a'), false);
    expect([shares.next(), shares.next()]).toEqual(['a2', null]);
  });

  it('R112: where all are taken, holders get them by turns, however many requests each has waiting', () => {
    const shares = new ConnectionShares<string>(4);
    for (const key of ['a', 'b', 'c', 'd']) askFor(shares, key, 50);
    expect(askFor(shares, 'e', 1)).toBe(0);
    const order: (string | null)[] = [];
    for (const key of ['a', 'a', 'e', 'b']) {
      shares.release(shares.holder(key), false);
      order.push(shares.next());
    }
    // "e" stood in line before "a" had room in its share again.
    expect(order).toEqual(['e0', 'a1', 'a2', 'b1']);
  });

  it('R112: who comes while others wait stands in line', () => {
    const shares = new ConnectionShares<string>(4);
    for (const key of ['a', 'b', 'c', 'd']) askFor(shares, key, 1);
    askFor(shares, 'e', 1);
    shares.release(shares.holder('a'), false);
    expect(shares.take(shares.holder('f'))).toBe(false);
    expect(shares.next()).toBe('e0');
  });

  it('R112: who leaves the line is not given a place', () => {
    const shares = new ConnectionShares<string>(4);
    askFor(shares, 'a', 3);
    shares.leave(shares.holder('a'), 'a1');
    shares.release(shares.holder('a'), false);
    expect([shares.next(), shares.next(), shares.waiting]).toEqual(['a2', null, 0]);
  });

  it('R112: more than so many of one holder do not wait', () => {
    const shares = new ConnectionShares<number>(4);
    const holder = shares.holder('a');
    let waiting = 0;
    while (shares.wait(holder, waiting)) waiting += 1;
    expect([waiting, shares.wait(shares.holder('b'), 0)]).toEqual([1_024, true]);
  });

  it('R112: event streams have half of a share, and leave the other half to what is short', () => {
    const shares = new ConnectionShares<string>(16);
    const holder = shares.holder('a');
    expect(askFor(shares, 'a', 4)).toBe(4);
    expect([1, 2, 3].map(() => shares.addStream(holder))).toEqual([true, true, false]);
    shares.release(holder, true);
    expect(shares.addStream(holder)).toBe(true);
  });

  it('R112: an event stream that has a share of one leaves room for one request beside it', () => {
    const shares = new ConnectionShares<string>(4);
    const holder = shares.holder('a');
    expect(askFor(shares, 'a', 3)).toBe(1);
    expect([shares.addStream(holder), shares.next(), shares.next()]).toEqual([true, 'a1', null]);
    expect(shares.addStream(holder)).toBe(false);
    shares.release(holder, false);
    expect([shares.next(), shares.next()]).toEqual(['a2', null]);
  });

  it('R112: holders that have gone are forgotten', () => {
    const shares = new ConnectionShares<string>(4);
    for (let index = 0; index < 3_000; index += 1) {
      const holder = shares.holder(`client ${index}`);
      shares.take(holder);
      shares.release(holder, false);
    }
    const late = shares.holder('client 2999');
    expect(shares.holder('client 0')).toBe(shares.holder('client 0'));
    expect(late.taken).toBe(0);
    expect(shares.take(late)).toBe(true);
  });
});
