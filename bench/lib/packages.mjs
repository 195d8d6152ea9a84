// The packages of the competitors. The product does not depend on them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOAD_CORE, root, run } from './processes.mjs';

/** Installs the packages of bench/package-lock.json, unless they are already installed. */
export async function installPackages() {
  const home = join(root, 'bench');
  const lock = readFileSync(join(home, 'package-lock.json'), 'utf8');
  const stamp = join(home, 'node_modules/.installed-lock.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stdout.write('Installing the packages of bench/package.json …\n');
  await run(LOAD_CORE, 'npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: home });
  writeFileSync(stamp, lock);
}
