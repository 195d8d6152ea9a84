// npm run bench: Scopegate against a bare proxy and nginx, in one run, as ratios. See bench/README.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { allowListOf } from './lib/allow-list.mjs';
import { measureDecision } from './decision.mjs';
import { measure, median } from './lib/load.mjs';
import { cleanUp, folder, peakMemoryMegabytes } from './lib/processes.mjs';
import { startBareProxy, startMariaDb, startNginxProxy, startScopegate, startUpstream } from './lib/servers.mjs';

const root = resolve(import.meta.dirname, '..');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const WARM_UP_SECONDS = Number(process.env.BENCH_WARM_UP_SECONDS ?? 10);

const missing = ['wrk', 'nginx', 'taskset'].filter((program) => spawnSync('which', [program]).status !== 0);
if (missing.length > 0) {
  process.stderr.write(`The benchmark needs ${missing.join(', ')} (Debian: apt-get install wrk nginx util-linux).\n`);
  process.exit(1);
}

const PATH_BELOW = '/rest/api/2/issue/PROJ-1?fields=summary';

async function main() {
  const upstream = await startUpstream();
  const database = await startMariaDb();
  if (database === null) process.stdout.write('There is no mariadbd on the PATH: Scopegate runs on SQLite.\n');
  const nginx = await startNginxProxy(upstream);
  const bare = await startBareProxy(upstream);
  const scopegate = await startScopegate({ upstream, database });
  const writeScript = join(folder, 'post.lua');
  writeFileSync(
    writeScript,
    "wrk.method = 'POST'\nwrk.body = '{}'\nwrk.headers['Content-Type'] = 'application/json'\n",
  );
  const own = (more) => ({ pid: scopegate.pid, url: `http://127.0.0.1:${scopegate.port}/bench${PATH_BELOW}`, ...more });
  const candidates = {
    'nginx, plain proxy': { pid: nginx.pid, url: `http://127.0.0.1:${nginx.port}${PATH_BELOW}` },
    'bare Node proxy': { pid: bare.pid, url: `http://127.0.0.1:${bare.port}${PATH_BELOW}` },
    'Scopegate, Basic': own({ headers: [scopegate.basic] }),
    'Scopegate, Bearer': own({ headers: [scopegate.bearer] }),
    'Scopegate, refused POST': own({ headers: [scopegate.basic], script: writeScript }),
    'Scopegate, unknown token': own({
      headers: [`Authorization: Bearer sg_${'0'.repeat(12)}_${'0'.repeat(40)}_000000`],
    }),
    'Scopegate, password passed': own({
      headers: [`Authorization: Basic ${Buffer.from('alice:secret').toString('base64')}`],
    }),
  };
  const results = await rounds(candidates);
  const [first] = Object.keys(candidates).slice(1);
  report(results, first);

  const switched = await alternate(
    scopegate,
    own({ headers: [scopegate.basic] }),
    ['audit on', { audit: { successes: true, failures: true, denials: true } }],
    ['audit off', { audit: { successes: false, failures: false, denials: false } }],
  );
  const lists = await alternate(
    scopegate,
    own({ headers: [scopegate.basic] }),
    ['10,000 entries', listOf(10_000)],
    ['10 entries', listOf(10)],
  );
  const decision = measureDecision();
  const ratio = (one, other) => results[one].cpuMicroseconds / results[other].cpuMicroseconds;
  const figures = {
    'CPU, everything on ÷ bare proxy': ratio('Scopegate, Basic', 'bare Node proxy'),
    'CPU, everything on ÷ nginx': ratio('Scopegate, Basic', 'nginx, plain proxy'),
    'CPU, refused ÷ allowed': ratio('Scopegate, refused POST', 'Scopegate, Basic'),
    'CPU, audit on ÷ off': switched,
    'CPU, 10,000 allow-list entries ÷ 10': lists,
    'decision alone, Basic (µs)': decision['the whole decision, Basic'] / 1000,
    'start-up (ms)': scopegate.startUpMs,
    'peak memory (MB)': peakMemoryMegabytes(scopegate.pid),
  };
  const lost = await unrecorded(scopegate, results);
  process.stdout.write('\nThe decision, in nanoseconds:\n');
  for (const [name, value] of Object.entries(decision)) line(name, value.toFixed(0));
  process.stdout.write('\nFigures:\n');
  for (const [name, value] of Object.entries(figures)) line(name, value.toFixed(value < 10 ? 2 : 0));
  mkdirSync(join(root, 'artifacts'), { recursive: true });
  const file = join(root, 'artifacts', 'bench.json');
  writeFileSync(file, `${JSON.stringify({ results, figures, decision, lost }, null, 2)}\n`);
  process.stdout.write(`\nRaw numbers: ${file}\n`);
  if (lost !== 0) throw new Error(`${lost} answered requests are not in the audit log.`);
}

/** Settings with an allow list of so many entries. */
function listOf(count) {
  return { audit: { successes: false }, ipRestriction: { allowList: allowListOf(count) } };
}

/** Measures the candidates by turns (A B C A B C …), after a warm-up each; the medians count. */
async function rounds(candidates) {
  const measured = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (const candidate of Object.values(candidates)) {
    await measure({ ...candidate, seconds: Math.max(1, Math.ceil(WARM_UP_SECONDS / 2)) });
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    process.stdout.write(`round ${round} of ${ROUNDS}\n`);
    for (const [name, candidate] of Object.entries(candidates)) {
      measured[name].push(await measure({ ...candidate, seconds: SECONDS }));
    }
  }
  return Object.fromEntries(
    Object.entries(measured).map(([name, all]) => [
      name,
      {
        cpuMicroseconds: median(all.map((each) => each.cpuMicroseconds)),
        requestsPerSecond: median(all.map((each) => each.requestsPerSecond)),
        p50Ms: median(all.map((each) => each.p50Ms)),
        p99Ms: median(all.map((each) => each.p99Ms)),
        requests: all.reduce((sum, each) => sum + each.requests, 0),
        rounds: all,
      },
    ]),
  );
}

/** The CPU of one setting over that of another, by turns on the same process. */
async function alternate(scopegate, target, [, one], [, other]) {
  const ratios = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const cpu = [];
    for (const settings of [one, other]) {
      const answer = await scopegate.call('PATCH', '/settings', settings);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      await measure({ ...target, seconds: 1 });
      cpu.push((await measure({ ...target, seconds: Math.max(2, SECONDS / 2) })).cpuMicroseconds);
    }
    ratios.push(cpu[0] / cpu[1]);
  }
  return median(ratios);
}

/** Answered requests of the token that its use count does not know: nothing may be faster by being wrong. */
async function unrecorded(scopegate, results) {
  await scopegate.call('GET', '/audit-events?limit=1');
  const { body } = await scopegate.call('GET', `/tokens/${scopegate.tokenId}`);
  const answered = results['Scopegate, Basic'].requests + results['Scopegate, Bearer'].requests;
  return Math.max(0, answered - body.useCount);
}

function report(results, bar) {
  const base = results[bar];
  process.stdout.write(
    '\n| candidate | CPU µs a request | ÷ bare proxy | requests a second | p50 ms | p99 ms |\n|---|---|---|---|---|---|\n',
  );
  for (const [name, result] of Object.entries(results)) {
    process.stdout.write(
      `| ${name} | ${result.cpuMicroseconds.toFixed(1)} | ${(result.cpuMicroseconds / base.cpuMicroseconds).toFixed(2)} | ` +
        `${result.requestsPerSecond.toFixed(0)} | ${result.p50Ms?.toFixed(1)} | ${result.p99Ms?.toFixed(1)} |\n`,
    );
  }
}

function line(name, value) {
  process.stdout.write(`  ${name.padEnd(48)} ${value}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
process.exit();
