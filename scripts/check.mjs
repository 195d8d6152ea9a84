// npm run check: everything that can be said of the code without running a test. One check after the other; all of them
// are run, so that one look shows all there is to mend.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** What is checked, and the script of package.json that does it. */
const CHECKS = [
  ['format', 'format:check'],
  ['lint', 'lint'],
  ['types', 'types'],
  ['boundaries', 'boundaries'],
  ['unused code', 'unused'],
  ['API document up to date', 'openapi:check'],
  ['API document in order', 'openapi:lint'],
];

/** Tools must not ask the network for news of themselves. */
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_UPDATE_NOTIFIER: '1' };

const failed = [];
for (const [title, script] of CHECKS) {
  process.stdout.write(`\n── ${title} (npm run ${script})\n`);
  const startedMs = performance.now();
  const { status, error } = spawnSync('npm', ['run', '--silent', script], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...QUIET },
  });
  if (error !== undefined) process.stderr.write(`npm cannot be started: ${error.message}\n`);
  if (status !== 0) failed.push(title);
  process.stdout.write(
    `── ${title}: ${status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
  );
}
process.stdout.write(
  failed.length === 0 ? `\nAll ${CHECKS.length} checks passed.\n` : `\nFailed: ${failed.join(', ')}.\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
