import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';

/** A proxy whose configuration is in `examples`. */
export type ShippedProxy = {
  /** Of the program. */
  readonly name: 'caddy' | 'haproxy' | 'nginx';
  /** Starts it with its shipped files. Only addresses and folders are replaced. */
  start(ports: PortsBehind): Promise<PrivateServer>;
};

export type PortsBehind = { readonly scopegate: number; readonly application: number };

/** Where the shipped files expect the parts, all on 127.0.0.1. */
const SHIPPED_PORTS = { proxy: 8080, scopegate: 3000, application: 8081 } as const;

export function isShippedProxyAvailable(proxy: ShippedProxy): boolean {
  return findProgram(proxy.name) !== undefined;
}

/**
 * A proxy with the files of `examples/<name>`. Only the three ports and the folder `/etc/<name>` are replaced.
 * @param argumentsFor the words of its command line, if the files are in this folder
 */
export function shippedProxy(
  name: 'caddy' | 'haproxy',
  argumentsFor: (folder: string) => readonly string[],
): ShippedProxy {
  return {
    name,
    start: (ports) =>
      startPrivateServer({
        name,
        program: findProgram(name) ?? name,
        argumentsFor: (folder, port) => {
          copyShippedFiles(name, folder, { proxy: port, ...ports });
          return argumentsFor(folder);
        },
        accepts,
        readyTimeoutMs: 60_000,
      }),
  };
}

function copyShippedFiles(
  name: string,
  folder: string,
  ports: Readonly<Record<keyof typeof SHIPPED_PORTS, number>>,
): void {
  const source = join('examples', name);
  let all = '';
  for (const file of readdirSync(source)) {
    const text = readFileSync(join(source, file), 'utf8');
    all += text;
    const ported = text
      .replaceAll(`/etc/${name}/`, `${folder}/`)
      .replaceAll(/(?<=[: ])(?:8080|3000|8081)\b/g, (port) => String(portFor(Number(port), ports)));
    writeFileSync(join(folder, file), ported);
  }
  for (const port of Object.values(SHIPPED_PORTS)) {
    if (!all.includes(String(port))) throw new Error(`The shipped files of ${name} do not have the port ${port}.`);
  }
}

function portFor(shipped: number, ports: Readonly<Record<keyof typeof SHIPPED_PORTS, number>>): number {
  if (shipped === SHIPPED_PORTS.proxy) return ports.proxy;
  return shipped === SHIPPED_PORTS.scopegate ? ports.scopegate : ports.application;
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
