// One run: the parts that are asked for, one after the other, their report, and the end of everything that was started.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Bench } from './bench.mjs';
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
};

function requirePrograms(programs) {
  const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0);
  if (missing.length === 0) return;
  const packages = missing.map((program) => PACKAGES[program]).join(' ');
  throw new Error(`The benchmark needs ${missing.join(', ')} (Debian: apt-get install ${packages}).`);
}

/**
 * Runs parts and reports them.
 * @param plan `name` of the run's raw numbers, `seconds` of a measurement, `programs` it needs, `candidates` by name,
 *   `parts`: functions by the name of the part, in their order
 * @returns the report, as Markdown
 */
async function measureAll(plan) {
  requirePrograms(plan.programs);
  const options = readOptions(plan);
  const selected = selectionOf(options, [...Object.keys(plan.parts), 'checks'], plan.candidates);
  const bench = await Bench.start(options);
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
  results.audits = bench.audits;
  mkdirSync(join(root, 'artifacts'), { recursive: true });
  const file = join(root, 'artifacts', `${plan.name}.json`);
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version };
  writeFileSync(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), machine, options: { ...options, only: [...options.only] }, results }, null, 2)}\n`,
  );
  process.stdout.write(`\nRaw numbers: ${file}\n`);
  return reportOf(results, options, machine);
}

/** Runs a plan, prints its report and ends the process: with 1 where something went wrong, a check that failed included. */
export async function runPlan(plan, useReport = () => {}) {
  let status = 0;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      process.exitCode = 1;
      void cleanUp().finally(() => process.exit(1));
    });
  }
  try {
    const report = await measureAll(plan);
    process.stdout.write(`\n${report}`);
    useReport(report);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    status = 1;
  } finally {
    await cleanUp();
  }
  process.exit(status);
}
