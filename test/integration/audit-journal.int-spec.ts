import { appendFileSync, cpSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { heldEvents, type AuditEvent, type FloodState } from '@scopegate/audit';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuditChainEntity } from '../../src/audit/audit-chain.entity.js';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { AuditVerifier } from '../../src/audit/audit-verifier.js';
import { Journal } from '../../src/audit/journal/journal.js';
import { JournalShipment } from '../../src/audit/journal/journal-shipment.js';
import { Clock } from '../../src/common/time/clock.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { eventOf, FIRST_EVENT_MS } from '../support/audit-events.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';
import { mountSmallDisk } from '../support/small-disk.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const FIRST = 'segment-000000000001.log';
const SECOND = 'segment-000000000002.log';

/** Numbers that look random and are the same every time. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

describeOnEachDatabase('from the journal into the database', (server: () => ScopegateFixture) => {
  let folder: TemporaryFolder;
  beforeAll(() => {
    folder = createTemporaryFolder('journal');
  });
  afterAll(() => folder.remove());
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const open = (name: string, directory = name): JournalShipment =>
    new JournalShipment(
      new Journal(join(folder.path, directory)),
      name,
      server().provider(UnitOfWork),
      server().provider(AuditChain),
      server().provider(Clock),
    );
  const stored = (chain: string): Promise<AuditEventEntity[]> =>
    server()
      .provider(DataSource)
      .manager.find(AuditEventEntity, { where: { chain }, order: { chainSequence: 'ASC' } });
  const requestIds = async (chain: string): Promise<readonly (string | null)[]> =>
    (await stored(chain)).map((row) => row.requestId);
  const isIntact = async (): Promise<boolean> =>
    (await server().provider(AuditVerifier).verify({ fromMs: null, toMs: null })).intact;

  it('R62: what is appended is stored once and in its order', async () => {
    const shipment = open(unique('node'));
    const events = Array.from({ length: 1_200 }, () => eventOf());
    for (const event of events) shipment.append(event);
    await shipment.ship();
    await shipment.ship();
    shipment.journal.close();
    expect(shipment.backlogBytes).toBe(0);
    expect(await requestIds(shipment.chainName)).toEqual(events.map((event) => event.requestId));
  });

  it('R62: an event that is appended while the first question to the database is under way is not lost', async () => {
    const shipment = open(unique('node'));
    const events = Array.from({ length: 50 }, () => eventOf());
    const shipping = shipment.ship();
    for (const event of events) {
      shipment.append(event);
      await Promise.resolve();
    }
    await shipping;
    const late = eventOf();
    shipment.append(late);
    await shipment.ship();
    shipment.journal.close();
    expect(await requestIds(shipment.chainName)).toEqual([...events, late].map((event) => event.requestId));
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'R62: through crashes, torn lines and a database that fails before and after it has stored, each event is there once (%i)',
    async (seed) => {
      const dice = createDice(seed);
      const name = unique('node');
      const unitOfWork = server().provider(UnitOfWork);
      const run = unitOfWork.run.bind(unitOfWork);
      let isUnreliable = true;
      vi.spyOn(unitOfWork, 'run').mockImplementation(async (work) => {
        const fate = isUnreliable ? dice(5) : 5;
        if (fate === 0) throw Object.assign(new Error('The connection was refused.'), { code: 'ECONNREFUSED' });
        const result = await run(work);
        if (fate === 1) throw Object.assign(new Error('Lost after the commit.'), { code: 'PROTOCOL_CONNECTION_LOST' });
        return result;
      });
      const written: AuditEvent[] = [];
      let shipment = open(name);
      for (let step = 0; step < 60; step += 1) {
        const shipping = dice(2) === 0 ? shipment.ship().catch(() => undefined) : Promise.resolve();
        for (let count = dice(30); count > 0; count -= 1) {
          // Every third is one of a flood.
          const flood = {
            outcome: 'failed',
            type: 'authentication.failed',
            code: 'token_unknown',
            atMs: FIRST_EVENT_MS + step,
          } as const;
          const event = eventOf(dice(3) === 0 ? flood : {});
          shipment.append(event);
          written.push(event);
          if (dice(4) === 0) await Promise.resolve();
        }
        await shipping;
        if (dice(8) === 0) {
          // A crash: what was written is there, perhaps with half a line more, and nothing is closed.
          shipment.journal.flush();
          const files = readdirSync(join(folder.path, name)).sort();
          const last = join(folder.path, name, files.at(-1) ?? 'segment-000000000001.log');
          if (dice(2) === 0) appendFileSync(last, '0badc0de {"id":"torn');
          shipment = open(name);
        }
      }
      isUnreliable = false;
      await shipment.ship();
      await shipment.finish();
      shipment.journal.close();
      const rows = await stored(name);
      const singles = written.filter((event) => event.outcome !== 'failed').map((event) => event.requestId);
      expect(rows.filter((row) => row.outcome !== 'failed').map((row) => row.requestId)).toEqual(singles);
      const failures = rows.filter((row) => row.outcome === 'failed');
      expect(failures.reduce((sum, row) => sum + row.count, 0)).toBe(written.length - singles.length);
      expect(await isIntact()).toBe(true);
      const head = await server().provider(DataSource).manager.findOneByOrFail(AuditChainEntity, { chain: name });
      // A window may be open still that holds nothing back.
      expect([head.sequence, heldEvents((head.held ?? []) as FloodState)]).toEqual([rows.length, []]);
    },
  );

  it.each<readonly [step: string, interrupt: (folder: string, before: string) => void]>([
    ['the next segment was made and not written to', (path) => writeFileSync(join(path, SECOND), '')],
    ['the disk was being tried', (path) => appendFileSync(join(path, FIRST), Buffer.alloc(65_536))],
    ['the next segment holds half of a line', (path) => writeFileSync(join(path, SECOND), '0badc0de {"id":"to')],
    ['what is stored was not removed yet', (path, before) => cpSync(before, path, { recursive: true })],
    ['what is stored was half given back', (path) => truncateSync(join(path, FIRST), 700)],
  ])('R62: a kill while %s loses nothing and stores nothing twice', async (_step, interrupt) => {
    const name = unique('node');
    const path = join(folder.path, name);
    const events = Array.from({ length: 30 }, () => eventOf());
    const first = open(name);
    for (const event of events.slice(0, 20)) first.append(event);
    first.journal.flush();
    const before = join(folder.path, `${name}-before`);
    cpSync(path, before, { recursive: true });
    await first.ship();
    interrupt(path, before);
    const second = open(name);
    for (const event of events.slice(20)) second.append(event);
    await second.ship();
    second.journal.close();
    first.journal.close();
    expect(await requestIds(name)).toEqual(events.map((event) => event.requestId));
    expect(await isIntact()).toBe(true);
  });

  it('R62: a torn last write does not stop the start', async () => {
    const name = unique('node');
    const first = open(name);
    const events = Array.from({ length: 20 }, () => eventOf());
    for (const event of events.slice(0, -1)) first.append(event);
    first.journal.flush();
    first.append(events.at(-1) as AuditEvent);
    first.journal.flush();
    const file = join(folder.path, name, readdirSync(join(folder.path, name))[0] ?? '');
    truncateSync(file, statSync(file).size - 30);
    const second = open(name);
    const next = eventOf();
    second.append(next);
    await second.ship();
    second.journal.close();
    const expected = [...events.slice(0, -1), next];
    expect(await requestIds(name)).toEqual(expected.map((event) => event.requestId));
  });

  it('R62: a journal that was put back from a copy stores nothing twice', async () => {
    const name = unique('node');
    const first = open(name);
    const events = Array.from({ length: 20 }, () => eventOf());
    for (const event of events) first.append(event);
    await first.ship();
    first.journal.close();
    // The database does not know any more how far it had come.
    await server()
      .provider(UnitOfWork)
      .run(({ manager }) =>
        manager.update(AuditChainEntity, { chain: name }, { journalSegment: null, journalOffset: null }),
      );
    const second = open(name);
    const next = eventOf();
    second.append(next);
    await second.ship();
    second.journal.close();
    expect(await requestIds(name)).toEqual([...events, next].map((event) => event.requestId));
    expect(await isIntact()).toBe(true);
  });

  it('R62: what a database has lost after it had stored it is stored again', async () => {
    const name = unique('node');
    const shipment = open(name);
    const events = [eventOf(), eventOf(), eventOf()] as const;
    shipment.append(events[0]);
    await shipment.ship();
    const { manager } = server().provider(DataSource);
    const head = await manager.findOneByOrFail(AuditChainEntity, { chain: name });
    shipment.append(events[1]);
    await shipment.ship();
    // As a server does that comes back without its last moments.
    await server()
      .provider(UnitOfWork)
      .run(async (unit) => {
        await unit.manager.delete(AuditEventEntity, { chain: name, chainSequence: 2 });
        await unit.manager.update(AuditChainEntity, { chain: name }, head);
      });
    shipment.append(events[2]);
    await expect(shipment.ship()).rejects.toThrow();
    await shipment.ship();
    shipment.journal.close();
    expect(await requestIds(name)).toEqual(events.map((event) => event.requestId));
    expect(await isIntact()).toBe(true);
  });

  it('R62: skips a segment that was shortened', async () => {
    const name = unique('node');
    const journal = new Journal(join(folder.path, name));
    journal.append('first');
    journal.close();
    const again = new Journal(join(folder.path, name));
    truncateSync(join(folder.path, name, 'segment-000000000001.log'), 0);
    again.append('second');
    again.flush();
    expect(again.read(again.start, 100)?.bytes.toString()).toMatch(/^second\n=[0-9a-f]{16}\n$/);
    again.close();
  });

  it.each([1, 2, 3])(
    'R62: two servers over copies of one data directory lose nothing to each other and count exactly (%i)',
    async (seed) => {
      const dice = createDice(seed);
      const name = unique('node');
      const first = open(name);
      first.append(eventOf());
      await first.ship();
      first.journal.close();
      // The same chain, and the same numbers of segments.
      cpSync(join(folder.path, name), join(folder.path, `${name}-copy`), { recursive: true });
      const shipments = [open(name), open(name, `${name}-copy`)] as const;
      for (const shipment of shipments) await shipment.open();
      const written: AuditEvent[] = [];
      const shipAsOften = async (shipment: JournalShipment): Promise<void> => {
        // As the shipper does: what fails is tried again.
        for (let isDone = false; !isDone;) {
          isDone = await shipment.ship().then(
            () => true,
            () => false,
          );
        }
      };
      for (let step = 0; step < 60; step += 1) {
        const shipment = dice(2) === 0 ? shipments[0] : shipments[1];
        for (let count = dice(20); count > 0; count -= 1) {
          const flood = { outcome: 'failed', type: 'authentication.failed', atMs: FIRST_EVENT_MS + step } as const;
          const event = eventOf(dice(3) === 0 ? { ...flood, code: `code-${shipments.indexOf(shipment)}` } : {});
          shipment.append(event);
          written.push(event);
        }
        if (dice(3) === 0) await shipment.ship().catch(() => undefined);
      }
      for (const shipment of shipments) {
        await shipAsOften(shipment);
        await shipment.finish();
        shipment.journal.close();
      }
      const rows = (await stored(name)).slice(1);
      const singles = written.filter((event) => event.outcome !== 'failed').map((event) => event.requestId);
      const others = rows.filter((row) => row.outcome !== 'failed').map((row) => row.requestId);
      expect([...others].sort()).toEqual([...singles].sort());
      const failures = rows.filter((row) => row.outcome === 'failed');
      expect(failures.reduce((sum, row) => sum + row.count, 0)).toBe(written.length - singles.length);
      expect(await isIntact()).toBe(true);
    },
  );

  it('R62: segments that are stored are removed, and the backlog is what is not', async () => {
    const name = unique('node');
    const shipment = open(name);
    const path = `/${'x'.repeat(2_000)}`;
    const events = Array.from({ length: 9_000 }, () => eventOf({ path }));
    for (const event of events) shipment.append(event);
    shipment.journal.flush();
    for (const event of events.slice(0, 10)) shipment.append({ ...event, id: `${event.id.slice(0, -1)}X` });
    shipment.journal.flush();
    expect(shipment.backlogBytes).toBeGreaterThan(20_000_000);
    expect(readdirSync(join(folder.path, name)).length).toBeGreaterThan(1);
    await shipment.ship();
    expect(shipment.backlogBytes).toBe(0);
    expect(readdirSync(join(folder.path, name))).toHaveLength(1);
    expect(await server().provider(DataSource).manager.countBy(AuditEventEntity, { chain: name })).toBe(9_010);
    shipment.journal.close();
  });
});

describe('a full disk', () => {
  it('R62: reports what the disk did not take, and keeps what comes after it', async (context) => {
    const folder = createTemporaryFolder('disk');
    const path = join(folder.path, 'small');
    const unmount = mountSmallDisk(path);
    try {
      if (unmount === null) return context.skip('no file system can be mounted here');
      const journal = new Journal(join(path, 'journal'));
      const results: boolean[] = [];
      const append = (line: string): void => {
        journal.append(line);
        journal.whenWritten({ onWritten: (error) => results.push(error === null) });
        journal.flush();
      };
      append('first');
      for (let index = 0; index < 30; index += 1) append('x'.repeat(65_535));
      expect(results[0]).toBe(true);
      expect(results.at(-1)).toBe(false);
      expect(journal.probe()).toBe(false);
      const taken = results.filter(Boolean).length;
      expect(taken).toBeLessThan(results.length);
      // Once everything is stored, there is room again.
      journal.release(journal.end);
      expect(journal.probe()).toBe(true);
      const { end } = journal;
      append('last');
      expect(results.at(-1)).toBe(true);
      expect(journal.read(end, 100)?.bytes.toString()).toMatch(/^last\n=[0-9a-f]{16}\n$/);
      journal.close();
    } finally {
      unmount?.();
      await folder.remove();
    }
  });

  it('R62: leaves nothing of several lines when the disk takes only some', async (context) => {
    const folder = createTemporaryFolder('disk');
    const path = join(folder.path, 'small');
    const unmount = mountSmallDisk(path);
    try {
      if (unmount === null) return context.skip('no file system can be mounted here');
      const journal = new Journal(join(path, 'journal'));
      journal.append('first');
      journal.flush();
      for (let index = 0; index < 40; index += 1) journal.append('x'.repeat(65_535));
      const results: boolean[] = [];
      journal.whenWritten({ onWritten: (error) => results.push(error === null) });
      journal.flush();
      expect(results).toEqual([false]);
      expect(journal.read(journal.start, 1_000)?.bytes.toString()).toMatch(/^first\n=[0-9a-f]{16}\n$/);
      journal.close();
    } finally {
      unmount?.();
      await folder.remove();
    }
  });

  it('R62: a journal whose file cannot be made says so, and goes on once it can', async () => {
    const folder = createTemporaryFolder('disk');
    const path = join(folder.path, 'journal');
    const journal = new Journal(path);
    // A file stands where the segment should be.
    writeFileSync(join(path, 'segment-000000000001.log'), 'not ours\n');
    const results: boolean[] = [];
    for (const line of ['lost', 'kept']) {
      journal.append(line);
      journal.whenWritten({ onWritten: (error) => results.push(error === null) });
      journal.flush();
    }
    expect(results).toEqual([false, true]);
    expect(journal.read({ segment: 2, offset: 0 }, 100)?.bytes.toString()).toMatch(/^kept\n=[0-9a-f]{16}\n$/);
    journal.close();
    await folder.remove();
  });
});
