import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { sourceFiles } from '../architecture/source-tree.js';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';

/** The files of examples/nginx that hold a `server`, of which a user includes one. */
export type ShippedForm = 'request' | 'headers' | 'cached';

export type ShippedNginxOptions = {
  readonly form: ShippedForm;
  readonly scopegatePort: number;
  readonly applicationPort: number;
};

/**
 * Starts nginx with the files of examples/nginx. Only the addresses are others: three ports and the folder of the cache.
 * The application has the key `app`.
 */
export function startShippedNginx({ form, ...ports }: ShippedNginxOptions): Promise<PrivateServer> {
  return startPrivateServer({
    name: 'nginx',
    program: findProgram('nginx') ?? 'nginx',
    argumentsFor: (folder, port) => {
      const site = join(folder, 'scopegate');
      mkdirSync(site, { recursive: true });
      for (const { path, text } of sourceFiles('examples/nginx', (name) => name.endsWith('.conf'))) {
        writeFileSync(join(site, basename(path)), addressed(text, folder, port, ports));
      }
      const main = join(folder, 'nginx.conf');
      writeFileSync(main, frame(form));
      return ['-p', folder, '-c', main, '-e', 'stderr'];
    },
    accepts,
    readyTimeoutMs: 60_000,
  });
}

type Ports = Omit<ShippedNginxOptions, 'form'>;

function addressed(text: string, folder: string, port: number, { scopegatePort, applicationPort }: Ports): string {
  return text
    .replace('listen 8080;', `listen ${PRIVATE_HOST}:${port};`)
    .replace('server 127.0.0.1:3000;', `server ${PRIVATE_HOST}:${scopegatePort};`)
    .replace('server 127.0.0.1:8081;', `server ${PRIVATE_HOST}:${applicationPort};`)
    .replace('/run/scopegate-decisions', join(folder, 'decisions'));
}

/** What every configuration of nginx has around them. */
function frame(form: ShippedForm): string {
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
  include scopegate/addresses.conf;
  include scopegate/${form}.conf;
}
`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, PRIVATE_HOST, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
