// The competitors: the programs of bench/candidates, and nginx and Caddy with a service that they ask.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { installPackages } from './packages.mjs';
import { startNginxAuthRequest, startNginxLua } from './nginx.mjs';
import { answering, folder, freePort, PROXY_CORE, root, start } from './processes.mjs';

/** The valid token of competitors with authentication. */
const TOKEN = `tok_${'0123456789abcdef'.repeat(2)}`;
const TOKEN_HEADERS = [`Authorization: Bearer ${TOKEN}`];

async function startProgram(name, ...args) {
  const port = await freePort();
  const program = join(root, 'bench/candidates', `${name}.mjs`);
  const running = start(PROXY_CORE, process.execPath, [program, String(port), ...args]);
  await answering(port, running);
  return { ...running, pids: [running.pid], port, url: `http://127.0.0.1:${port}` };
}

/** The reference: a bare Node proxy without authentication, with the same undici as Scopegate. */
export function startBareProxy(upstream) {
  const [own, measuredAgainst] = ['package.json', 'bench/package.json'].map(
    (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).dependencies.undici,
  );
  if (own !== measuredAgainst) throw new Error(`bench/package.json has undici ${measuredAgainst}, not ${own}.`);
  return startProgram('bare-proxy', upstream.url);
}

export async function startFastifyHttpProxy(upstream) {
  await installPackages();
  return startProgram('fastify-http-proxy', upstream.url);
}

export async function startHttpProxyMiddleware(upstream) {
  await installPackages();
  return startProgram('http-proxy-middleware', upstream.url);
}

/** With key-auth, its own credentials and its database emulated in memory, which are its defaults. */
export async function startExpressGateway(upstream) {
  await installPackages();
  const home = join(folder, 'express-gateway');
  mkdirSync(home);
  const running = await startProgram('express-gateway', upstream.url, home, String(await freePort()));
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const key = /^key (\S+)$/m.exec(running.output())?.[1];
    if (key !== undefined) return { ...running, headers: [`Authorization: apiKey ${key}`] };
    await wait(100);
  }
  throw new Error(`express-gateway has made no key:\n${running.output()}`);
}

/** nginx with auth_request. The service counts as part of it. */
export async function startAuthRequest(upstream) {
  const service = await startProgram('token-service', TOKEN);
  const nginx = await startNginxAuthRequest(upstream, service);
  return { pids: [nginx.pid, service.pid], url: nginx.url, headers: TOKEN_HEADERS };
}

/** nginx that authenticates in Lua, without a service. */
export async function startLua(upstream) {
  const nginx = await startNginxLua(upstream, TOKEN);
  return { pids: [nginx.pid], url: nginx.url, headers: TOKEN_HEADERS };
}

/** Caddy with forward_auth. The service counts as part of it. */
export async function startForwardAuth(upstream) {
  const service = await startProgram('token-service', TOKEN);
  const port = await freePort();
  const file = join(folder, 'Caddyfile');
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://127.0.0.1:${port} {
  forward_auth 127.0.0.1:${service.port} {
    uri /authorize
    copy_headers X-Forwarded-User
  }
  reverse_proxy 127.0.0.1:${upstream.port} {
    header_up -Authorization
  }
}
`,
  );
  const running = start(PROXY_CORE, 'caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  await answering(port, running);
  return { pids: [running.pid, service.pid], url: `http://127.0.0.1:${port}`, headers: TOKEN_HEADERS };
}
