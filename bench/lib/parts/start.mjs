// A new process: the time of its start, its memory, and the memory that a large body adds.
import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import {
  answering,
  forgetPeakMemory,
  freePort,
  LOAD_CORE,
  memoryMegabytes,
  peakMemoryMegabytes,
  start,
} from '../processes.mjs';
import { equip, startScopegate } from '../scopegate.mjs';
import { median } from '../statistics.mjs';

const GIGABYTE = 1024 ** 3;
const STARTS = 3;

export async function measureStart(bench) {
  const name = 'started';
  const first = await startScopegate(bench.database, name);
  await equip(first, bench.upstream);
  await first.stop();
  const startUps = [];
  const memory = [];
  for (let index = 1; index < STARTS; index += 1) {
    const { stop, afterStart } = await startScopegate(bench.database, name);
    await stop();
    startUps.push(afterStart.startUpMs);
    memory.push(afterStart.memoryMb);
  }
  const scopegate = await startScopegate(bench.database, name);
  startUps.push(scopegate.afterStart.startUpMs);
  memory.push(scopegate.afterStart.memoryMb);
  const bodies = await measureBodies(scopegate);
  await scopegate.stop();
  await bench.database.drop(name);
  return {
    startUpMs: median(startUps),
    firstStartUpMs: first.afterStart.startUpMs,
    memoryMb: median(memory),
    ...bodies,
  };
}

async function measureBodies(scopegate) {
  const port = await freePort();
  const program = join(import.meta.dirname, '../body-upstream.mjs');
  const upstream = start(LOAD_CORE, process.execPath, [program, String(port)]);
  await answering(port, upstream);
  await scopegate.must('POST', '/applications', {
    key: 'bodies',
    kind: 'generic',
    mount: { pathPrefix: '/bodies' },
    upstream: `http://127.0.0.1:${port}`,
  });
  const { secret } = await scopegate.must('POST', '/tokens', {
    description: 'bodies',
    scope: 'read-write',
    owner: 'alice',
  });
  const exchange = (method, bytes, sent) => transfer(`${scopegate.url}/bodies/?bytes=${bytes}`, secret, method, sent);
  // Small bodies first, so that the code for the first body does not count for the large one.
  for (let index = 0; index < 50; index += 1) {
    await exchange('POST', 0, 100_000);
    await exchange('GET', 100_000, 0);
  }
  const up = await addedBy(scopegate, () => exchange('POST', 0, GIGABYTE));
  const down = await addedBy(scopegate, () => exchange('GET', GIGABYTE, 0));
  await upstream.stop();
  return { up, down };
}

/** The peak memory that something adds, in megabytes, and its time. */
async function addedBy({ pids }, work) {
  await wait(1000);
  forgetPeakMemory(pids);
  const before = memoryMegabytes(pids);
  const startedAtMs = performance.now();
  await work();
  return { addedMb: peakMemoryMegabytes(pids) - before, seconds: (performance.now() - startedAtMs) / 1000 };
}

/** Sends this number of bytes and counts the answer's. A wrong number on either side ends the run. */
function transfer(url, secret, method, sent) {
  const chunk = Buffer.alloc(65_536, 'x');
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      headers: { authorization: `Bearer ${secret}`, ...(method === 'POST' ? { 'content-length': sent } : {}) },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      let received = 0;
      answer.on('data', (data) => (received += data.length));
      answer.once('error', reject);
      answer.once('end', () => {
        const arrived = Number(answer.headers['x-bytes-received']);
        const expected = Number(new URL(url).searchParams.get('bytes'));
        if (answer.statusCode === 200 && arrived === sent && received === expected) resolve();
        else reject(new Error(`${method} ${url}: ${answer.statusCode}, ${arrived} bytes up, ${received} down`));
      });
    });
    let left = sent;
    const write = () => {
      while (left > 0) {
        const next = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= next.length;
        if (!outgoing.write(next)) return outgoing.once('drain', write);
      }
      return outgoing.end();
    };
    write();
  });
}
