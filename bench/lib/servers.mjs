// The servers of a run: the upstream, the proxies it is compared to, and Scopegate with everything on.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { allowListOf } from './allow-list.mjs';
import { answering, folder, freePort, LOAD_CORE, PROXY_CORE, start } from './processes.mjs';

const root = resolve(import.meta.dirname, '../..');
const ADMIN_PASSWORD = 'a benchmark password';
const BODY = JSON.stringify({ text: 'x'.repeat(1000) });

function nginx(core, name, http) {
  const home = join(folder, name);
  mkdirSync(home);
  writeFileSync(
    join(home, 'nginx.conf'),
    `worker_processes 1; daemon off; pid ${home}/pid; error_log stderr error; events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; client_body_temp_path ${home}; proxy_temp_path ${home};
fastcgi_temp_path ${home}; uwsgi_temp_path ${home}; scgi_temp_path ${home}; ${http} }`,
  );
  return start(core, 'nginx', ['-p', home, '-c', join(home, 'nginx.conf')]);
}

/** The upstream: nginx with a kilobyte of JSON. */
export async function startUpstream() {
  const port = await freePort();
  const running = nginx(
    LOAD_CORE,
    'upstream',
    `server { listen 127.0.0.1:${port} backlog=1024; location / { default_type application/json; return 200 '${BODY}'; } }`,
  );
  await answering(port, running);
  return { ...running, port, url: `http://127.0.0.1:${port}` };
}

/** nginx as a plain proxy: the limit. */
export async function startNginxProxy(upstream) {
  const port = await freePort();
  const running = nginx(
    PROXY_CORE,
    'proxy',
    `upstream up { server 127.0.0.1:${upstream.port}; keepalive 128; keepalive_requests 100000000; }
server { listen 127.0.0.1:${port} backlog=1024; location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
  );
  await answering(port, running);
  return { ...running, port };
}

/** A bare Node proxy without authentication: the bar. */
export async function startBareProxy(upstream) {
  const port = await freePort();
  const program = join(root, 'bench/candidates/bare-proxy.mjs');
  const running = start(PROXY_CORE, process.execPath, [program, String(port), upstream.url]);
  await answering(port, running);
  return { ...running, port };
}

function idOfMysql(flag) {
  return Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout);
}

/** A private MariaDB on the load's core; null where there is none on the PATH. */
export async function startMariaDb() {
  if (spawnSync('which', ['mariadbd']).status !== 0) return null;
  const home = join(folder, 'mariadb');
  mkdirSync(home);
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? ['--user=mysql'] : [];
  if (asRoot) {
    chownSync(home, idOfMysql('-u'), idOfMysql('-g'));
    chownSync(folder, idOfMysql('-u'), idOfMysql('-g'));
  }
  const installed = spawnSync(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${home}/data`, '--auth-root-authentication-method=normal', '--skip-test-db', ...user],
    { encoding: 'utf8' },
  );
  if (installed.status !== 0) throw new Error(`mariadb-install-db: ${installed.stdout}${installed.stderr}`);
  const port = await freePort();
  const socket = join(home, 'socket');
  const running = start(LOAD_CORE, 'mariadbd', [
    '--no-defaults',
    `--datadir=${home}/data`,
    `--socket=${socket}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-log-bin',
    '--innodb-flush-log-at-trx-commit=2',
    ...user,
  ]);
  for (let attempt = 0; attempt < 100 && !existsSync(socket); attempt += 1)
    await new Promise((done) => setTimeout(done, 100));
  const created = spawnSync('mariadb', [`--socket=${socket}`, '-uroot', '-e', 'CREATE DATABASE scopegate'], {
    encoding: 'utf8',
  });
  if (created.status !== 0) throw new Error(`mariadb: ${created.stderr}${running.output()}`);
  return { ...running, url: `mysql://root@127.0.0.1:${port}/scopegate` };
}

/** Scopegate with everything on, in front of the upstream, with an allow list of so many entries. */
export async function startScopegate({ upstream, database, name = 'scopegate', audit = true, allowListSize = 100 }) {
  const port = await freePort();
  const startedAtMs = Date.now();
  const running = start(
    PROXY_CORE,
    process.execPath,
    [...(process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean), join(root, 'dist/src/main.js')],
    {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        PORT: String(port),
        LOG_LEVEL: 'warn',
        SCOPEGATE_DATA_DIR: join(folder, name),
        SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD,
        ...(database === null
          ? {}
          : {
              DATABASE_URL: database.url,
              SCOPEGATE_TOKEN_PEPPER: 'p'.repeat(40),
              SCOPEGATE_ENCRYPTION_KEY: 'e'.repeat(40),
            }),
      },
    },
  );
  await answering(port, running, '/health/ready');
  const startUpMs = Date.now() - startedAtMs;
  const call = apiOf(port);
  if ((await call('GET', '/applications/bench')).status === 404) {
    await must(
      call('POST', '/applications', {
        key: 'bench',
        kind: 'jira',
        version: '9.12.0',
        mount: { pathPrefix: '/bench' },
        upstream: upstream.url,
      }),
    );
  }
  await must(
    call('PATCH', '/settings', {
      ipRestriction: { allowList: allowListOf(allowListSize) },
      audit: { successes: audit, failures: audit, denials: audit },
      throttling: { maxFailures: 0 },
    }),
  );
  const token = await must(call('POST', '/tokens', { description: 'bench', scope: 'read-only' }));
  return {
    ...running,
    port,
    startUpMs,
    call,
    basic: `Authorization: Basic ${Buffer.from(`admin:${token.secret}`).toString('base64')}`,
    bearer: `Authorization: Bearer ${token.secret}`,
    tokenId: token.id,
  };
}

function apiOf(port) {
  const authorization = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;
  return async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  };
}

async function must(answer) {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}
