import fc from 'fast-check';
import { HmacKey } from '@scopegate/kernel';
import { describe, expect, it } from 'vitest';
import { ChainWalk, type StoredLink } from './chain-walk.js';
import { CHAIN_START, ChainLinker, linkOf, sealOf, type ChainLink } from './chain.js';
import { encodeEvent } from './event-content.js';
import { EMPTY_EVENT, type AuditEvent } from './event-fields.js';

const KEY = new HmacKey('key');
const OTHER_KEY = new HmacKey('other key');

const EVENT: AuditEvent = {
  ...EMPTY_EVENT,
  id: 'event-1',
  atMs: 1,
  count: 1,
  type: 'settings.changed',
  outcome: 'changed',
  actor: 'admin',
  credential: 'password',
  clientIp: '192.0.2.1',
  peer: '192.0.2.1',
  requestId: 'r-1',
  detail: { changes: { a: { before: 1, after: 2 } }, list: [{ b: 1, a: 2 }] },
};

function link(key: HmacKey, place: ChainLink, event: AuditEvent): string {
  return linkOf(key, place, encodeEvent(event));
}

const PLACE: ChainLink = { chain: 'changes', sequence: 1, previousLink: CHAIN_START };

interface Row extends StoredLink {
  readonly event: AuditEvent;
}

function chainOf(length: number): Row[] {
  const rows: Row[] = [];
  let previousLink = CHAIN_START;
  for (let sequence = 1; sequence <= length; sequence += 1) {
    const event = { ...EVENT, id: `event-${sequence}` };
    const own = link(KEY, { chain: 'changes', sequence, previousLink }, event);
    rows.push({ id: event.id, sequence, previousLink, link: own, event });
    previousLink = own;
  }
  return rows;
}

function isIntact(row: Row, sequence: number): boolean {
  return link(KEY, { chain: 'changes', sequence, previousLink: row.previousLink }, row.event) === row.link;
}

function walk(rows: readonly Row[], head: { sequence: number; link: string }, after = 0): unknown {
  const chain = new ChainWalk<Row>('changes', isIntact, after);
  const found = chain.take(rows) ?? chain.end(head);
  return found === null ? chain.checked : [found.sequence, found.eventId, found.reason];
}

describe('links', () => {
  it('R62: every field of an event and its place are covered', () => {
    const links = new Set([link(KEY, PLACE, EVENT)]);
    for (const name of Object.keys(EVENT) as (keyof AuditEvent)[]) {
      const isNumber = name === 'status' || name === 'durationMs' || typeof EVENT[name] === 'number';
      links.add(link(KEY, PLACE, { ...EVENT, [name]: name === 'detail' ? { x: 1 } : isNumber ? 7 : 'other' }));
    }
    links.add(link(OTHER_KEY, PLACE, EVENT));
    links.add(link(KEY, { ...PLACE, chain: 'other' }, EVENT));
    links.add(link(KEY, { ...PLACE, sequence: 2 }, EVENT));
    links.add(link(KEY, { ...PLACE, previousLink: 'f'.repeat(64) }, EVENT));
    expect(links.size).toBe(Object.keys(EVENT).length + 5);
  });

  it('R62: the order of members in the detail does not matter, that of a list does', () => {
    const other = { list: [{ a: 2, b: 1 }], changes: { a: { after: 2, before: 1 } } };
    expect(link(KEY, PLACE, { ...EVENT, detail: other })).toBe(link(KEY, PLACE, EVENT));
    const turned = (list: unknown[]): string => link(KEY, PLACE, { ...EVENT, detail: { list } });
    expect(turned([1, 2])).not.toBe(turned([2, 1]));
  });

  it('R62: one after the other are those of each on its own', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.string(), fc.array(fc.string()), (chain, start, before, agents) => {
        const linker = new ChainLinker(KEY, chain, start, before);
        let previousLink = before;
        for (const [index, userAgent] of agents.entries()) {
          const content = encodeEvent({ ...EVENT, userAgent });
          const own = linkOf(KEY, { chain, sequence: start + index + 1, previousLink }, content);
          expect(linker.next(content)).toBe(own);
          previousLink = own;
        }
      }),
    );
  });

  it('R62: a link and a seal are those that earlier versions have stored', () => {
    const event: AuditEvent = {
      ...EMPTY_EVENT,
      id: 'event-1',
      atMs: 1.5,
      count: 3,
      type: 'authentication.succeeded',
      outcome: 'allowed',
      upstreamRefused: true,
      code: 'code',
      actor: 'Änna\ud800',
      owner: 'Anna\0',
      tokenId: 'abcdefghijkl',
      tokenDescription: '"\\',
      tokenScope: 'read-only',
      credential: 'basic-token',
      clientIp: '192.0.2.1',
      peer: '::1',
      method: 'GET',
      path: '/'.repeat(3_000),
      application: 'jira',
      status: 403,
      durationMs: 1.5,
      requestId: 'r-1',
      detail: { b: [{ d: 1, c: null }], a: '\ud800' },
    };
    expect(link(KEY, { ...PLACE, sequence: 7 }, event)).toBe(
      'a00a124040820bc7527710cebb871b0c324e2725a8e84395455dbaed969d3a34',
    );
    const head = { chain: 'changes', sequence: 5, link: 'a', purgedSequence: 2, held: [['k', { singles: 1 }]] };
    expect(sealOf(KEY, head)).toBe('a31983a1cf0a67a6ed3b30c4423555c2ff2a81a83adf1f475f21dbecd2a02921');
  });

  it('R62: every field of the head is covered by its seal', () => {
    const head = { chain: 'changes', sequence: 5, link: 'a', purgedSequence: 2, held: null };
    const seals = [head, { ...head, chain: 'b' }, { ...head, sequence: 6 }, { ...head, link: 'b' }].concat(
      { ...head, purgedSequence: 3 },
      { ...head, held: [] as never },
    );
    expect(new Set(seals.map((one) => sealOf(KEY, one))).size).toBe(seals.length);
    expect(sealOf(OTHER_KEY, head)).not.toBe(sealOf(KEY, head));
  });
});

describe('walking a chain', () => {
  const rows = chainOf(20);
  const head = { sequence: 20, link: rows[19]?.link ?? '' };
  const without = (index: number): Row[] => rows.filter((_, at) => at !== index);

  it('R62: an untouched chain holds, from its start and from the oldest kept event on', () => {
    expect(walk(rows, head)).toBe(20);
    expect(walk(rows.slice(7), head, 7)).toBe(13);
    expect(walk([], { sequence: 0, link: CHAIN_START })).toBe(0);
    expect(walk([], { sequence: 20, link: 'purged' }, 20)).toBe(0);
  });

  it('R62: a changed, removed or added row at any place is the first break', () => {
    for (const [index, row] of rows.entries()) {
      const place = index + 1;
      const changed = rows.map((one) => (one === row ? { ...row, event: { ...row.event, actor: 'eve' } } : one));
      expect(walk(changed, head)).toEqual([place, row.id, 'changed']);
      expect(walk(without(index), head)).toEqual([place, null, 'removed']);
      const forged: Row = { ...row, id: 'forged', event: { ...row.event, id: 'forged' } };
      const moved = rows.slice(index).map((one) => ({ ...one, sequence: one.sequence + 1 }));
      expect(walk([...rows.slice(0, index), forged, ...moved], head)).toEqual([place, 'forged', 'inserted']);
      const closedUp = without(index).map((one, at) => ({ ...one, sequence: at + 1 }));
      expect(walk(closedUp, { ...head, sequence: 19 })).toEqual(
        index === 19 ? [19, rows[18]?.id, 'changed'] : [place, rows[place]?.id, 'removed'],
      );
    }
  });

  it('R62: no mixture of rows but the whole chain in its order holds', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: 0 }), (mixture) => {
        const renumbered = mixture.map((row, at) => ({ ...row, sequence: at + 1 }));
        const isWhole = mixture.length === 20 && mixture.every((row, at) => row === rows[at]);
        expect(walk(renumbered, head) === 20).toBe(isWhole);
      }),
    );
  });

  it('R62: an event of another history of the same chain does not fit', () => {
    const [first] = rows;
    const other = { ...EVENT, id: 'event-2', actor: 'other' };
    const place = { chain: 'changes', sequence: 2, previousLink: 'e'.repeat(64) };
    const stranger: Row = { ...place, id: other.id, event: other, link: link(KEY, place, other) };
    if (first === undefined) throw new Error('There are twenty rows.');
    expect(walk([first, stranger], { sequence: 2, link: stranger.link })).toEqual([2, 'event-2', 'changed']);
  });
});
