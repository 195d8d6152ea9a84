import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import type { CertificateWithKey } from './certificates.js';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';

/** Whether nginx is installed. */
export function isNginxAvailable(): boolean {
  return findProgram('nginx') !== undefined;
}

/**
 * Starts an nginx that passes upgrades on, as its manual says.
 * @param upstreamPort of the server behind it
 * @param certificate with it, clients use https
 */
export function startUpgradingNginx(upstreamPort: number, certificate?: CertificateWithKey): Promise<PrivateServer> {
  return startPrivateServer({
    name: 'nginx',
    program: findProgram('nginx') ?? 'nginx',
    argumentsFor: (folder, port) => {
      const file = join(folder, 'nginx.conf');
      for (const [ending, text] of Object.entries(certificate ?? {})) {
        writeFileSync(join(folder, `tls.${ending}`), text);
      }
      writeFileSync(file, configuration(port, upstreamPort, certificate !== undefined));
      return ['-p', folder, '-c', file, '-e', 'stderr'];
    },
    accepts: (port) =>
      new Promise((resolve) => {
        const socket = connect(port, PRIVATE_HOST, () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', () => resolve(false));
      }),
    readyTimeoutMs: 60_000,
  });
}

function configuration(port: number, upstreamPort: number, isTls: boolean): string {
  const tls = isTls ? ' ssl;\n    ssl_certificate tls.cert;\n    ssl_certificate_key tls.key;' : ';';
  return `daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen ${PRIVATE_HOST}:${port}${tls}
    location / {
      proxy_pass http://${PRIVATE_HOST}:${upstreamPort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`;
}
