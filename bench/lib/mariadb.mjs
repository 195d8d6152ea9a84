// A private MariaDB on the core of the load. It runs with SCHED_IDLE, so it gives way to the load at once; a nice process
// would keep the core for milliseconds. Otherwise the load would measure its wait for the database, not the proxy. With
// more cores, the two would not share one.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BOTH_CORES, folder, freePort, LOAD_CORE, run, start } from './processes.mjs';

function idOfMysql(flag) {
  return Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout);
}

/** Starts the server. @param options `givesWay`: run on the core of the load with SCHED_IDLE; otherwise on any core */
export async function startMariaDb({ givesWay = true } = {}) {
  const home = join(folder, 'mariadb');
  mkdirSync(home);
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? ['--user=mysql'] : [];
  if (asRoot) for (const owned of [home, folder]) chownSync(owned, idOfMysql('-u'), idOfMysql('-g'));
  await run(LOAD_CORE, 'mariadb-install-db', [
    '--no-defaults',
    `--datadir=${home}/data`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...user,
  ]);
  const port = await freePort();
  const socket = join(home, 'socket');
  const [cores, ...command] = givesWay ? [LOAD_CORE, 'chrt', '--idle', '0', 'mariadbd'] : [BOTH_CORES, 'mariadbd'];
  const running = start(cores, command[0], [
    ...command.slice(1),
    '--no-defaults',
    `--datadir=${home}/data`,
    `--socket=${socket}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-log-bin',
    '--innodb-buffer-pool-size=1G',
    '--innodb-log-file-size=1G',
    '--innodb-flush-log-at-trx-commit=2',
    ...user,
  ]);
  for (let attempt = 0; !existsSync(socket); attempt += 1) {
    if (attempt === 300 || running.child.exitCode !== null) throw new Error(`mariadbd:\n${running.output()}`);
    await wait(100);
  }
  return new MariaDb(running, port, socket);
}

class MariaDb {
  #socket;

  constructor(running, port, socket) {
    this.pid = running.pid;
    this.port = port;
    this.#socket = socket;
  }

  /** Creates the database if it is missing, and returns its address. */
  async urlOf(name) {
    await this.query(null, `CREATE DATABASE IF NOT EXISTS ${name}`);
    return `mysql://root@127.0.0.1:${this.port}/${name}`;
  }

  async drop(name) {
    await this.query(null, `DROP DATABASE ${name}`);
  }

  /** Runs statements. @returns their rows, each a list of texts */
  async query(database, sql) {
    const into = database === null ? [] : [database];
    const args = [`--socket=${this.#socket}`, '-uroot', '--batch', '--skip-column-names', '--local-infile=1'];
    const text = await run(LOAD_CORE, 'mariadb', [...args, ...into], { input: sql });
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t'));
  }
}
