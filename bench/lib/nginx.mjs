// nginx in three roles: the upstream, a plain proxy, and a proxy that asks a service for each decision.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answering, folder, freePort, LOAD_CORE, PROXY_CORE, start } from './processes.mjs';

/** Also says whose account it is, as the call of jira for the current user does. */
const BODY = JSON.stringify({ name: 'alice', text: 'x'.repeat(985) });

/** With keep-alive to the server behind it. */
const KEPT = 'keepalive 128; keepalive_requests 100000000;';
const PROXIED = 'proxy_http_version 1.1; proxy_set_header Connection "";';

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

async function listening(core, name, configurationOf) {
  const port = await freePort();
  const running = nginx(core, name, configurationOf(`listen 127.0.0.1:${port} backlog=1024;`));
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
