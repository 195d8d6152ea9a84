import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { findProgram, privateEnvironment, startPrivateProcess, waitUntilReady } from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** A real load balancer in front of several nodes, on a port of its own. */
export type LoadBalancer = {
  readonly port: number;
  /** What it has written so far. */
  output(): string;
  stop(): Promise<void>;
};

export type LoadBalancerKind = 'haproxy' | 'nginx';

const HOST = '127.0.0.1';

/** Whether the program is installed. */
export function isLoadBalancerAvailable(kind: LoadBalancerKind): boolean {
  return findProgram(kind) !== undefined;
}

/**
 * Starts a load balancer with the configuration of its guide in docs/guides.
 * @param nodes the ports of the nodes
 * @throws Error when it is not installed or does not start
 */
export async function startLoadBalancer(kind: LoadBalancerKind, nodes: readonly number[]): Promise<LoadBalancer> {
  const program = findProgram(kind);
  if (program === undefined) throw new Error(`${kind} is not on the PATH.`);
  const folder = createTemporaryFolder(kind);
  const port = await freePort();
  const file = join(folder.path, `${kind}.conf`);
  writeFileSync(file, kind === 'haproxy' ? haproxyConfiguration(port, nodes) : nginxConfiguration(port, nodes));
  const words = kind === 'haproxy' ? ['-db', '-f', file] : ['-p', folder.path, '-c', file, '-e', 'stderr'];
  const child = startPrivateProcess(program, words, {
    cwd: folder.path,
    environment: privateEnvironment(folder.path),
  });
  await waitUntilReady(kind, child, () => accepts(port), 60_000);
  return {
    port,
    output: () => child.output(),
    async stop() {
      await child.end('SIGTERM');
      await folder.remove();
    },
  };
}

/** HAProxy's own defaults, with what it cannot run without: times. See docs/guides/behind-haproxy.md. */
function haproxyConfiguration(port: number, nodes: readonly number[]): string {
  return `global
  log stdout format raw local0

defaults
  log global
  option httplog
  option dontlog-normal
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s

frontend https
  bind ${HOST}:${port}
  http-request deny deny_status 404 if { path_beg /authorize }
  default_backend scopegate

backend scopegate
  balance roundrobin
  option httpchk GET /health/ready
${nodes.map((node, index) => `  server node${index} ${HOST}:${node} check`).join('\n')}
`;
}

/** The part of docs/guides/behind-nginx.md that is about several nodes, without TLS. */
function nginxConfiguration(port: number, nodes: readonly number[]): string {
  return `daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream scopegate {
${nodes.map((node) => `    server ${HOST}:${node} max_fails=1 fail_timeout=2s;`).join('\n')}
    keepalive 16;
    keepalive_timeout 4s;
  }
  server {
    listen ${HOST}:${port};
    client_max_body_size 0;
    location ^~ /authorize { return 404; }
    location / {
      proxy_pass http://scopegate;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_connect_timeout 2s;
      proxy_read_timeout 300s;
    }
  }
}
`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
