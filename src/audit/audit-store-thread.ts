// This thread stores the events of requests on SQLite. It imports little, so that it starts fast.
import { parentPort, workerData } from 'node:worker_threads';
import { ChainLinker, type EventContent } from '@scopegate/audit';
import { HmacKey } from '@scopegate/kernel';
import Database from 'libsql';
import {
  advanceValues,
  eventValues,
  placeAfter,
  type ChainPlace,
  type JournalProgress,
  type KnownHead,
  type LinkedEvents,
} from './linked-events.js';

export interface StoreThreadData {
  readonly file: string;
  readonly key: Uint8Array;
  readonly advance: string;
  readonly insertOne: string;
  readonly insertMany: string;
  readonly rows: number;
}

export interface StoreOrder {
  readonly head: KnownHead;
  /** One event a line: copying one text into the thread is much faster than copying a thousand. */
  readonly contents: string;
  readonly progress: JournalProgress;
}

/** The place is sent first, so that it is known even if the thread ends before the rest. */
export type StoreReport =
  | { readonly kind: 'linked'; readonly place: ChainPlace }
  | { readonly kind: 'stored' }
  | { readonly kind: 'moved' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** A backup or a migration may have locked the file. Only this thread waits for it. */
const BUSY_TIMEOUT_MS = 1_000;

const {
  file,
  key: keyBytes,
  advance: advanceSql,
  insertOne: oneSql,
  insertMany: manySql,
  rows,
} = workerData as StoreThreadData;
const key = new HmacKey(keyBytes);
const database = new Database(file);
database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
database.pragma('synchronous = NORMAL');
const advance = database.prepare(advanceSql);
const insertOne = database.prepare(oneSql);
const insertMany = database.prepare(manySql);

function report(message: StoreReport): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(message);
}

function linked({ head, contents: lines }: StoreOrder): LinkedEvents {
  const { chain, sequence, link } = head;
  const contents = (lines === '' ? [] : lines.split('\n')) as EventContent[];
  const linker = new ChainLinker(key, chain, sequence, link);
  return { chain, after: { sequence, link }, contents, links: contents.map((content) => linker.next(content)) };
}

function insertAll(events: LinkedEvents): void {
  const { length } = events.links;
  for (let start = 0; start < length;) {
    const count = length - start < rows ? 1 : rows;
    const values: unknown[] = [];
    for (let index = start; index < start + count; index += 1) values.push(...eventValues(events, index));
    (count === 1 ? insertOne : insertMany).run(values);
    start += count;
  }
}

function store(order: StoreOrder): StoreReport {
  const events = linked(order);
  const place = placeAfter(events);
  report({ kind: 'linked', place });
  database.exec('BEGIN IMMEDIATE');
  try {
    const { changes } = advance.run(advanceValues(key, order.head, place, order.progress));
    if (changes !== 1) {
      database.exec('ROLLBACK');
      return { kind: 'moved' };
    }
    insertAll(events);
    database.exec('COMMIT');
    return { kind: 'stored' };
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

parentPort?.on('message', (order: StoreOrder | null) => {
  if (order === null) {
    database.close();
    parentPort?.close();
    return;
  }
  try {
    report(store(order));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    report({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  }
});
