// nginx as the upstream, as a plain proxy, and as a proxy that authenticates: by a service, by Scopegate or in Lua.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answering, folder, freePort, LOAD_CORE, PROXY_CORE, root, start } from './processes.mjs';

/** Also says whose account it is, as the call of jira for the current user does. */
const BODY = JSON.stringify({ name: 'alice', text: 'x'.repeat(985) });

/** With keep-alive to the server behind it. */
const KEPT = 'keepalive 128; keepalive_requests 100000000;';
const PROXIED = 'proxy_http_version 1.1; proxy_set_header Connection "";';

/** The worker must write the cache of decisions into the folder of the run. */
const USER = process.getuid?.() === 0 ? 'user root;' : '';

/** Lua in nginx, and what it needs, as Debian installs them. */
export const LUA_MODULE = '/usr/lib/nginx/modules/ngx_http_lua_module.so';
const LOAD_LUA = `load_module /usr/lib/nginx/modules/ndk_http_module.so; load_module ${LUA_MODULE};`;

function nginx(core, name, http, modules = '') {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, 'nginx.conf'),
    `${USER} ${modules} worker_processes 1; daemon off; pid ${home}/pid; error_log stderr error; events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; client_body_temp_path ${home}; proxy_temp_path ${home};
fastcgi_temp_path ${home}; uwsgi_temp_path ${home}; scgi_temp_path ${home}; ${http} }`,
  );
  return start(core, 'nginx', ['-p', home, '-c', join(home, 'nginx.conf')]);
}

async function listening(core, name, configurationOf, modules = '') {
  const port = await freePort();
  const running = nginx(core, name, configurationOf(`listen 127.0.0.1:${port} backlog=1024;`), modules);
  await answering(port, running);
  return { ...running, port, url: `http://127.0.0.1:${port}` };
}

/** The upstream: a kilobyte of JSON. */
export function startUpstream() {
  return listening(
    LOAD_CORE,
    'upstream',
    (listen) => `server { ${listen} location / { default_type application/json; return 200 '${BODY}'; } }`,
  );
}

/** A plain proxy, the fastest candidate. */
export function startNginxProxy(upstream) {
  return listening(
    PROXY_CORE,
    'proxy',
    (listen) => `upstream up { server 127.0.0.1:${upstream.port}; ${KEPT} }
server { ${listen} location / { proxy_pass http://up; ${PROXIED} } }`,
  );
}

/** A proxy that asks a service about every request. */
export function startNginxAuthRequest(upstream, service) {
  return listening(
    PROXY_CORE,
    'auth-request',
    (listen) => `upstream up { server 127.0.0.1:${upstream.port}; ${KEPT} }
upstream service { server 127.0.0.1:${service.port}; ${KEPT} }
server { ${listen}
  location = /authorize { internal; proxy_pass http://service; ${PROXIED} proxy_pass_request_body off; proxy_set_header Content-Length ""; }
  location / { auth_request /authorize; auth_request_set $user $upstream_http_x_forwarded_user;
    proxy_set_header X-Forwarded-User $user; proxy_set_header Authorization ""; proxy_pass http://up; ${PROXIED} } }`,
  );
}

/** A proxy that authenticates in Lua: it looks the token up in memory that the workers share. Nothing is recorded. */
export function startNginxLua(upstream, token) {
  return listening(
    PROXY_CORE,
    'lua',
    (listen) => `upstream up { server 127.0.0.1:${upstream.port}; ${KEPT} }
lua_shared_dict owners 1m; init_by_lua_block { ngx.shared.owners:set("Bearer ${token}", "alice") }
server { ${listen} location / {
  access_by_lua_block {
    local authorization = ngx.var.http_authorization
    local owner = authorization and ngx.shared.owners:get(authorization)
    if not owner then return ngx.exit(ngx.HTTP_UNAUTHORIZED) end
    ngx.req.set_header("X-Forwarded-User", owner)
    ngx.req.clear_header("Authorization")
  }
  proxy_pass http://up; ${PROXIED} } }`,
    LOAD_LUA,
  );
}

/**
 * The shipped configuration, with the addresses and the application of the benchmark.
 * @param form `request.conf`, `headers.conf` or `cached.conf` of `examples/nginx`
 */
export async function startNginxForwardAuth(upstream, scopegate, { form, application }) {
  const shipped = join(root, 'examples/nginx');
  const home = join(folder, `forward-auth-${form}`);
  const own = join(home, 'scopegate');
  const decisions = join(home, 'decisions');
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(shipped).filter((file) => file.endsWith('.conf'))) {
    const text = readFileSync(join(shipped, name), 'utf8')
      .replaceAll('127.0.0.1:3000', new URL(scopegate.url).host)
      .replaceAll('127.0.0.1:8081', `127.0.0.1:${upstream.port}`)
      .replaceAll('/authorize/app', `/authorize/${application}`)
      .replaceAll('/run/scopegate-decisions', decisions);
    writeFileSync(join(own, name), text);
  }
  const file = join(own, form);
  return listening(PROXY_CORE, `forward-auth-${form}`, (listen) => {
    writeFileSync(file, readFileSync(file, 'utf8').replace('listen 8080;', listen));
    return `include scopegate/addresses.conf; include scopegate/${form};`;
  });
}
