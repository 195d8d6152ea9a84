// npm run start:dev and start:debug: builds, starts the server, and does both again after every change of the sources.
// Variables of a file `.env`, where there is one, are set besides those of the environment, which win.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const variables = join(root, '.env');
if (existsSync(variables)) process.loadEnvFile(variables);

// What is built here is no longer what the last `npm run build` has noted.
rmSync(join(root, 'dist', '.sources'), { force: true });

const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
const watching = spawn(
  process.execPath,
  [nest, 'start', '--path', 'tsconfig.build.json', '--watch', ...process.argv.slice(2)],
  // Stack traces name the sources.
  { cwd: root, stdio: 'inherit', env: { ...process.env, NODE_OPTIONS: '--enable-source-maps' } },
);
// Ctrl-C reaches the whole group of the terminal; others stop this process alone.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => watching.kill('SIGTERM'));
watching.once('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)));
