import { join } from 'node:path';
import { type AuditEvent } from '@scopegate/audit';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { AuditChainEntity } from '../../src/audit/audit-chain.entity.js';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { AuditVerifier } from '../../src/audit/audit-verifier.js';
import { Journal } from '../../src/audit/journal/journal.js';
import { JournalShipment } from '../../src/audit/journal/journal-shipment.js';
import { Clock } from '../../src/common/time/clock.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { eventOf } from '../support/audit-events.js';
import { describeOnEachDatabase, restoreRules, unique } from '../support/each-database.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

/** An object in an object, and so on. */
function nested(depth: number): Record<string, unknown> {
  return depth === 0 ? {} : { in: nested(depth - 1) };
}

const LONG = 'x'.repeat(5_000);

/** Events that no part of the server makes, or should make, but that a journal may hold all the same. */
const ODD: readonly (readonly [title: string, change: Record<string, unknown>])[] = [
  [
    'half of a surrogate pair in every text',
    { actor: 'a\ud800b', owner: '\udc00', tokenDescription: '\ud83d', path: '/\ud800', userAgent: 'x\udfff' },
  ],
  ['half of a surrogate pair in the detail', { detail: { 'a\ud800': 'b\udc00', list: ['\ud800'] } }],
  [
    'characters of four bytes',
    { actor: '😀'.repeat(255), path: `/${'😀'.repeat(2_048)}`, userAgent: '𝒳'.repeat(600), detail: { '😀': '😀' } },
  ],
  [
    'NUL in every text',
    { actor: 'a\0b', owner: '\0', tokenDescription: 'x\0', path: '/a\0b', userAgent: '\0', detail: { 'a\0': '\0' } },
  ],
  ['control characters and line ends', { actor: 'a\r\n\u001b[2J\u2028', path: '/\u007f\u0085', userAgent: '\u0001' }],
  [
    'what a statement would take for its own',
    { actor: "'; DROP TABLE audit_events; --", path: '/\\\'"`?:x', userAgent: '\\' },
  ],
  [
    'texts that are too long',
    Object.fromEntries(
      [
        'actor',
        'owner',
        'tokenId',
        'tokenDescription',
        'tokenScope',
        'credential',
        'clientIp',
        'peer',
        'method',
        'path',
        'application',
        'userAgent',
        'requestId',
        'code',
        'type',
        'door',
      ].map((name) => [name, LONG]),
    ),
  ],
  ['numbers that are too large', { durationMs: 1.7e12, status: 1e10, count: 1e12 }],
  ['numbers that are too small', { durationMs: -1.7e12, status: -1e10, count: -1e12 }],
  ['numbers that are none', { durationMs: null, status: 200.5, count: 1.5 }],
  ['a detail of two megabytes', { detail: { text: 'y'.repeat(2_000_000) } }],
  ['a detail of many levels', { detail: nested(200) }],
  ['members that are missing', { code: undefined, actor: undefined, detail: undefined, durationMs: undefined }],
  ['a time before the epoch', { atMs: -1 }],
  ['a door and no detail', { door: 'proxy', detail: null }],
  ['a door and a detail', { door: 'guard', detail: { a: 'null' } }],
  ['no door and a detail that ends like an empty one', { door: null, detail: { a: null } }],
  ['no door, as older versions write', { door: undefined, detail: null }],
];

/** Defines the tests about one server. */
function oddEvents(server: () => ScopegateFixture): void {
  let folder: TemporaryFolder;
  beforeAll(() => {
    folder = createTemporaryFolder('odd');
  });
  afterAll(() => folder.remove());

  function open(name = unique('node')): { readonly shipment: JournalShipment; readonly name: string } {
    const journal = new Journal(join(folder.path, name));
    const unitOfWork = server().provider(UnitOfWork);
    const chain = server().provider(AuditChain);
    return { shipment: new JournalShipment(journal, name, unitOfWork, chain, server().provider(Clock)), name };
  }

  const stored = (chain: string): Promise<AuditEventEntity[]> =>
    server()
      .provider(DataSource)
      .manager.find(AuditEventEntity, { where: { chain }, order: { chainSequence: 'ASC' } });

  it.each(ODD)('R62: %s: is stored, holds up no other, and the chain is whole', async (_title, change) => {
    const { shipment, name } = open();
    const odd = { ...eventOf(), ...change } as AuditEvent;
    const events = [eventOf(), odd, eventOf()];
    // First from memory, and then as a file is read again.
    for (const event of events) shipment.append(event);
    await shipment.ship();
    for (const event of [eventOf(), { ...odd, id: eventOf().id }, eventOf()]) shipment.append(event);
    shipment.journal.close();
    const again = open(name).shipment;
    await again.ship();
    again.journal.close();
    const rows = await stored(name);
    expect(rows).toHaveLength(6);
    expect(rows[1]?.id).toBe(odd.id);
    const verification = await server().provider(AuditVerifier).verify({ fromMs: null, toMs: null });
    expect(verification.firstBreak).toBeNull();
    expect((await server().admin.get('/audit-events?limit=200')).status).toBe(200);
    expect((await server().admin.get('/audit-events/export')).status).toBe(200);
  });

  it('R60: what the retention changes in the head of a chain holds up nothing that is shipped after it', async () => {
    const { shipment, name } = open();
    const events = Array.from({ length: 6 }, () => eventOf());
    const shipped = events.entries();
    const shipNext = async (): Promise<void> => {
      shipment.append(shipped.next().value?.[1] ?? eventOf());
      await shipment.ship();
    };
    await shipNext();
    await shipNext();
    for (const purgedSequence of [1, 2]) {
      await server()
        .provider(UnitOfWork)
        .run(async ({ manager }) => {
          const chain = server().provider(AuditChain);
          await manager.delete(AuditEventEntity, { chain: name, chainSequence: purgedSequence });
          await chain.updateHead(manager, await chain.lockHead(manager, name), { purgedSequence });
        });
      await shipNext();
      await shipNext();
    }
    shipment.journal.close();
    expect((await stored(name)).map((row) => row.id)).toEqual(events.slice(2).map((event) => event.id));
    const heads = server().provider(DataSource).getRepository(AuditChainEntity);
    expect(await heads.findOneBy({ chain: name })).toMatchObject({ sequence: 6, purgedSequence: 2 });
    expect((await server().provider(AuditVerifier).verify({ fromMs: null, toMs: null })).intact).toBe(true);
  });

  it('R62: a database that refuses everything is one that is away: nothing is replaced, and all is stored later', async () => {
    const { manager } = server().provider(DataSource);
    await manager.query(
      manager.dataSource.options.type === 'better-sqlite3'
        ? `CREATE TRIGGER refusing BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'refused'); END`
        : `CREATE TRIGGER refusing BEFORE INSERT ON audit_events FOR EACH ROW SIGNAL SQLSTATE '45000'`,
    );
    const { shipment, name } = open();
    const events = Array.from({ length: 20 }, () => eventOf());
    for (const event of events) shipment.append(event);
    try {
      await expect(shipment.ship()).rejects.toThrow();
    } finally {
      await manager.query('DROP TRIGGER refusing');
    }
    await shipment.ship();
    shipment.journal.close();
    expect((await stored(name)).map(({ requestId, path }) => [requestId, path])).toEqual(
      events.map(({ requestId, path }) => [requestId, path]),
    );
  });

  it('R61: what is no event is no part of a statement, though its line has a checksum', async () => {
    const { shipment, name } = open();
    // As many values as a row has, the first of them a question to the database.
    const nulls = Array.from({ length: 19 }, () => 'null').join(',');
    const forged = `[(SELECT "allowed"),"${unique('forged')}",1,1,"token.created",${nulls}]`;
    shipment.journal.append(forged);
    await expect(shipment.ship()).rejects.toThrow(SyntaxError);
    shipment.journal.close();
    expect(await stored(name)).toEqual([]);
  });

  it('R62: one that the database refuses, beside one that is stored already, holds up nothing', async () => {
    const { manager } = server().provider(DataSource);
    const path = `/${unique('refused')}`;
    const { shipment, name } = open();
    const first = eventOf();
    shipment.append(first);
    await shipment.ship();
    shipment.journal.close();
    // A journal that was put back from a copy is read from its start.
    await manager.update(AuditChainEntity, { chain: name }, { journalSegment: null, journalOffset: null });
    await manager.query(
      manager.dataSource.options.type === 'better-sqlite3'
        ? `CREATE TRIGGER refusing BEFORE INSERT ON audit_events WHEN NEW.path = '${path}' BEGIN SELECT RAISE(ABORT, 'refused'); END`
        : `CREATE TRIGGER refusing BEFORE INSERT ON audit_events FOR EACH ROW IF NEW.path = '${path}' THEN SIGNAL SQLSTATE '45000'; END IF`,
    );
    const again = open(name).shipment;
    const events = [eventOf({ path }), eventOf()] as const;
    for (const event of [...events, events[1]]) again.append(event);
    try {
      await again.ship();
    } finally {
      await manager.query('DROP TRIGGER refusing');
      again.journal.close();
    }
    expect((await stored(name)).map((row) => [row.id, row.detail])).toEqual([
      [first.id, null],
      [events[0].id, { unstorable: true }],
      [events[1].id, null],
    ]);
  });

  it('R62: one that the database refuses leaves its place and its outcome; all others are stored as they are', async () => {
    const { manager } = server().provider(DataSource);
    const path = `/${unique('refused')}`;
    // What else a database may have against an event, a trigger stands for.
    await manager.query(
      manager.dataSource.options.type === 'better-sqlite3'
        ? `CREATE TRIGGER refusing BEFORE INSERT ON audit_events WHEN NEW.path = '${path}' BEGIN SELECT RAISE(ABORT, 'refused'); END`
        : `CREATE TRIGGER refusing BEFORE INSERT ON audit_events FOR EACH ROW IF NEW.path = '${path}' THEN SIGNAL SQLSTATE '45000'; END IF`,
    );
    const { shipment, name } = open();
    const events = Array.from({ length: 700 }, (_, index) => eventOf(index % 250 === 249 ? { path } : {}));
    for (const event of events) shipment.append(event);
    await shipment.ship();
    shipment.journal.close();
    await manager.query('DROP TRIGGER refusing');
    const rows = await stored(name);
    expect(rows.map((row) => row.id)).toEqual(events.map((event) => event.id));
    const refused = rows.filter((row) => row.detail !== null);
    expect(refused.map((row) => row.id)).toEqual([events[249]?.id, events[499]?.id]);
    for (const row of refused) {
      expect(row).toMatchObject({
        type: 'authentication.succeeded',
        outcome: 'allowed',
        count: 1,
        path: null,
        detail: { unstorable: true },
      });
    }
    expect((await server().provider(AuditVerifier).verify({ fromMs: null, toMs: null })).intact).toBe(true);
  });
}

describeOnEachDatabase('events that no database would take as they are', oddEvents);

/** Defines tests about a server on a database that was made with a mode of its own. */
function describeInMode(title: string, mode: string, define: (server: () => ScopegateFixture) => void): void {
  describeWithMariaDb(title, (mariaDb) => {
    let server: ScopegateFixture | undefined;
    beforeAll(async () => {
      const url = await mariaDb().createDatabase();
      const connection = await createConnection(url);
      await connection.query(`SET GLOBAL sql_mode = '${mode}'`);
      await connection.end();
      server = await startScopegateFixture({ env: { DATABASE_URL: url } });
      await restoreRules(server);
    });
    afterAll(() => server?.stop());
    define(() => {
      if (server === undefined) throw new Error('The server is there inside tests only.');
      return server;
    });
  });
}

describeInMode(
  'events on a server that takes quotation marks for those of names',
  'ANSI,STRICT_TRANS_TABLES',
  oddEvents,
);

describeInMode('events on a server whose mode changes', 'STRICT_TRANS_TABLES', (server) => {
  it('R62: are stored as they are over every connection, whatever mode it was made in', async () => {
    const { options } = server().provider(DataSource);
    if (options.type !== 'mariadb') throw new Error('The tests of a mode run on MariaDB.');
    const { host = '', port = 0, username = '', database = '' } = options;
    const outside = await createConnection({ host, port, user: username, database });
    const application = await server().createApplication({
      kind: 'generic',
      anonymous: 'allow',
      mount: { pathPrefix: '/changing' },
      upstream: 'http://127.0.0.1:9',
    });
    for (const [index, mode] of ['', 'ANSI_QUOTES', '', 'ANSI_QUOTES'].entries()) {
      await outside.query(`SET GLOBAL sql_mode = '${mode}'`);
      const [connections] = await outside.query(
        'SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND DB = DATABASE()',
      );
      for (const { ID } of connections as { ID: number }[]) await outside.query(`KILL ${ID}`);
      expect((await fetch(`${server().url}/changing/${index}`)).status).toBe(502);
      const expected = Array.from({ length: index + 1 }, (_, at) => `/${at}`);
      await vi.waitFor(
        async () => {
          const events = await server().events({ application, outcome: 'failed' });
          expect(events.map(({ path }) => path).toSorted()).toEqual(expected);
        },
        { timeout: 30_000, interval: 100 },
      );
    }
    await outside.end();
  });
});
