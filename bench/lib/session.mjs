// One run: the selected parts in their order, their report, and the end of all servers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Bench } from './bench.mjs';
import { LUA_MODULE } from './nginx.mjs';
import { readOptions, selectionOf } from './options.mjs';
import { checkChangesUnderLoad } from './parts/checks.mjs';
import { cleanUp, root } from './processes.mjs';
import { reportOf } from './report.mjs';

/** Programs, and the Debian packages they come in. */
const PACKAGES = {
  wrk: 'wrk',
  nginx: 'nginx',
  taskset: 'util-linux',
  mariadbd: 'mariadb-server',
  mariadb: 'mariadb-client',
  caddy: 'caddy',
  [LUA_MODULE]: 'libnginx-mod-http-lua',
};

function requirePrograms(programs) {
  const missing = programs.filter((program) =>
    program.startsWith('/') ? !existsSync(program) : spawnSync('which', [program]).status !== 0,
  );
  if (missing.length === 0) return;
  const packages = missing.map((program) => PACKAGES[program]).join(' ');
  throw new Error(`The benchmark needs ${missing.join(', ')} (Debian: apt-get install ${packages}).`);
}

/** Measures the selected parts, then checks the audits. The results are in `bench.results`. */
async function measureParts(bench, plan, selected) {
  const { results } = bench;
  for (const [name, measurePart] of Object.entries(plan.parts)) {
    if (!selected.parts.has(name)) continue;
    const startedAtMs = performance.now();
    process.stdout.write(`${name} …\n`);
    results[name] = await measurePart(
      bench,
      plan.candidates.filter((candidate) => selected.candidates.has(candidate)),
    );
    process.stdout.write(`${name}: ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s\n`);
  }
  if (selected.parts.has('checks')) {
    process.stdout.write('checks …\n');
    results.underLoad = await checkChangesUnderLoad(bench);
  }
  await bench.endAll();
}

/** Writes the raw numbers and prints the tables, also after a failed run. */
function report({ results, audits }, { name }, options) {
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const raw = {
    at: new Date().toISOString(),
    machine,
    options: { ...options, only: [...options.only] },
    results,
    audits,
  };
  mkdirSync(join(root, 'artifacts'), { recursive: true });
  const file = join(root, 'artifacts', `${name}.json`);
  writeFileSync(file, `${JSON.stringify(raw, null, 2)}\n`);
  const text = reportOf({ ...results, audits }, options, machine);
  process.stdout.write(`\nRaw numbers: ${file}\n\n${text}`);
  return text;
}

async function runToItsEnd(plan, useReport) {
  requirePrograms(plan.programs);
  const options = readOptions(plan);
  const selected = selectionOf(options, [...Object.keys(plan.parts), 'checks'], plan.candidates);
  const bench = await Bench.start(options);
  try {
    await measureParts(bench, plan, selected);
  } catch (error) {
    report(bench, plan, options);
    throw error;
  }
  useReport(report(bench, plan, options));
}

function giveUp() {
  void cleanUp().finally(() => process.exit(1));
}

/**
 * Runs a plan and ends the process: with 1 after an error or a failed check.
 * @param plan `name` of the run's raw numbers, `seconds` of a measurement, `programs` it needs, `candidates` by name,
 *   `parts`: functions by the name of the part, in their order
 * @param useReport gets the report of a successful run, as Markdown
 */
export async function runPlan(plan, useReport = () => {}) {
  let status = 0;
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, giveUp);
  // The reader of the output may end early (`| head`). No server may keep running then.
  process.stdout.once('error', giveUp);
  process.stdout.on('error', () => {});
  try {
    await runToItsEnd(plan, useReport);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    status = 1;
  } finally {
    await cleanUp();
  }
  process.exit(status);
}
