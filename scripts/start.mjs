// npm start: builds only when needed, then runs the server in this process, so that signals reach it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { answerOptions } from './usage.mjs';

const answer = answerOptions(process.argv.slice(2));
if (answer !== null) {
  (answer.exitCode === 0 ? process.stdout : process.stderr).write(answer.text);
  process.exit(answer.exitCode);
}
const built = spawnSync(process.execPath, [join(import.meta.dirname, 'build.mjs'), '--when-needed'], {
  stdio: 'inherit',
});
if (built.status !== 0) process.exit(built.status ?? 1);
await import('../dist/src/main.js');
