import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSuccessfully } from './client-program.js';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';

const MODULES = '/usr/lib/apache2/modules';

/** A request as Apache's log has it. */
export type SubversionRequest = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The user that Apache has authenticated, or `-`. */
  readonly user: string;
};

/** Apache with mod_dav_svn and one repository at `/svn/demo`, which has `trunk` with a file. */
export type SubversionServer = PrivateServer & {
  readonly url: string;
  /** The repository as a `file:` address, past Apache. */
  readonly fileUrl: string;
  requests(): readonly SubversionRequest[];
};

export function isSubversionAvailable(): boolean {
  const programs = ['svn', 'svnadmin', 'apache2'];
  return programs.every((name) => findProgram(name) !== undefined) && existsSync(join(MODULES, 'mod_dav_svn.so'));
}

/**
 * Starts a private Apache that knows its users by HTTP Basic alone.
 * @param users with their passwords
 */
export async function startSubversion(users: Readonly<Record<string, string>>): Promise<SubversionServer> {
  const program = findProgram('apache2') ?? 'apache2';
  let folder = '';
  const server = await startPrivateServer({
    name: 'svn',
    program,
    argumentsFor: (path, port) => {
      writeFileSync(join(path, 'httpd.conf'), configurationOf(path, port));
      return ['-f', join(path, 'httpd.conf'), '-DFOREGROUND'];
    },
    accepts: async (port) => (await fetch(`http://${PRIVATE_HOST}:${port}/`).catch(() => null)) !== null,
    readyTimeoutMs: 60_000,
    prepare: async (path) => {
      folder = path;
      const lines = Object.entries(users).map(([name, word]) => `${name}:{SHA}${sha1(word)}\n`);
      writeFileSync(join(path, 'users'), lines.join(''));
      writeFileSync(join(path, 'README'), 'The first line.\n');
      const repository = join(path, 'demo');
      await runSuccessfully('svnadmin', ['create', repository], { cwd: path });
      const target = `file://${repository}/trunk/README`;
      await runSuccessfully('svn', ['import', '--quiet', '--message=First', 'README', target], { cwd: path });
      // Apache does not run as root.
      await runSuccessfully('chmod', ['-R', 'a+rwX', path], { cwd: path });
    },
  });
  const url = `http://${PRIVATE_HOST}:${server.port}/svn`;
  return Object.assign(server, {
    url,
    fileUrl: `file://${join(folder, 'demo')}`,
    requests: () => readLog(join(folder, 'access.log')),
  });
}

function configurationOf(folder: string, port: number): string {
  const modules = ['mpm_event', 'authn_core', 'authn_file', 'auth_basic', 'authz_core', 'authz_user', 'dav', 'dav_svn'];
  return `${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
ServerRoot ${folder}
ServerName ${PRIVATE_HOST}
Listen ${PRIVATE_HOST}:${port}
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
LogFormat "%m %U %>s %u" requests
CustomLog ${folder}/access.log requests
<Location /svn>
  DAV svn
  SVNParentPath ${folder}
  AuthType Basic
  AuthName svn
  AuthUserFile ${folder}/users
  Require valid-user
</Location>
`;
}

function readLog(path: string): readonly SubversionRequest[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [method = '', target = '', status = '', user = ''] = line.split(' ');
      return { method, path: target, status: Number(status), user };
    });
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('base64');
}
