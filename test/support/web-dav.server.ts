import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer } from './private-server.js';

/** Apache with mod_dav in front of a folder, below `/files`. It lets everyone in. */
export type WebDavServer = {
  readonly url: string;
  /** The names in the folder, in order. */
  names(): readonly string[];
  /** The text of a file. */
  read(name: string): string;
  /** Method and status of each request, in order. */
  requests(): readonly string[];
  stop(): Promise<void>;
};

const MODULES = '/usr/lib/apache2/modules';

/** Whether Apache with mod_dav and a client are installed. */
export function isWebDavAvailable(): boolean {
  const programs = ['apache2', 'cadaver'].every((name) => findProgram(name) !== undefined);
  return programs && existsSync(`${MODULES}/mod_dav_fs.so`);
}

export async function startWebDav(files: Readonly<Record<string, string>>): Promise<WebDavServer> {
  let root = '';
  const server = await startPrivateServer({
    name: 'apache',
    program: findProgram('apache2') ?? 'apache2',
    argumentsFor: (folder, port) => ['-f', join(folder, 'apache.conf'), '-c', `Listen ${PRIVATE_HOST}:${port}`, '-X'],
    prepare: (folder, { user }) => {
      root = folder;
      mkdirSync(join(folder, 'root', 'files'), { recursive: true });
      writeFileSync(join(folder, 'apache.conf'), configuration(folder));
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'root', 'files', name), text);
      if (user !== undefined) {
        const paths = ['root', 'root/files', ...Object.keys(files).map((name) => `root/files/${name}`)];
        for (const path of paths) chownSync(join(folder, path), user.uid, user.gid);
      }
      return Promise.resolve();
    },
    accepts: async (port) => {
      const answer = await fetch(`http://${PRIVATE_HOST}:${port}/files/`, { method: 'OPTIONS' }).catch(() => null);
      return answer?.headers.has('dav') === true;
    },
    readyTimeoutMs: 60_000,
  });
  return {
    url: `http://${PRIVATE_HOST}:${server.port}/files`,
    names: () => readdirSync(join(root, 'root', 'files')).toSorted(),
    read: (name) => readFileSync(join(root, 'root', 'files', name), 'utf8'),
    requests: () =>
      readFileSync(join(root, 'access.log'), 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    stop: () => server.stop(),
  };
}

function configuration(folder: string): string {
  const modules = ['mpm_event', 'authz_core', 'dav', 'dav_fs'];
  return `${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
ServerRoot "${folder}"
ServerName ${PRIVATE_HOST}
PidFile "${folder}/apache.pid"
ErrorLog "${folder}/error.log"
LogFormat "%m %U %>s %{Destination}i" short
CustomLog "${folder}/access.log" short
DocumentRoot "${folder}/root"
DavLockDB "${folder}/locks"
<Directory "${folder}/root/files">
  Dav On
  Require all granted
</Directory>
`;
}
