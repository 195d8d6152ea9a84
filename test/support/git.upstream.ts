import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { runProgram, type ProgramResult } from './client-program.js';
import { listen } from './listen.js';
import { findProgram, privateEnvironment } from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

export type GitOptions = {
  readonly cwd: string;
  /** Added to an environment that holds nothing of the person who runs the tests. */
  readonly env?: Readonly<Record<string, string>>;
};

export type GitRequest = {
  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
};

/** A git server as Bitbucket has one: bare repositories under `/scm/<project>/<repository>.git`, open to every client. */
export type GitUpstream = {
  readonly url: string;
  readonly port: number;
  /** The folder of the first repository, which has one commit on `main`. */
  readonly repositoryPath: string;
  /** The path of the first repository below `url`. */
  readonly repositoryTarget: string;
  readonly requests: readonly GitRequest[];
  clear(): void;
  /** Adds a repository with one commit on `main` and answers its folder. */
  createRepository(project: string, repository: string): Promise<string>;
  stop(): Promise<void>;
};

const HOST = '127.0.0.1';

let home: string | undefined;

const GIT_ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'file:http',
  GIT_AUTHOR_NAME: 'Test Author',
  GIT_AUTHOR_EMAIL: 'author@example.org',
  GIT_COMMITTER_NAME: 'Test Author',
  GIT_COMMITTER_EMAIL: 'author@example.org',
};

/**
 * Runs git with a home of its own, no system configuration and no prompt; it speaks to files and HTTP alone.
 * It does not throw: what went wrong is in the answer.
 */
export function runGit(gitArguments: readonly string[], { cwd, env = {} }: GitOptions): Promise<ProgramResult> {
  return runProgram('git', gitArguments, { cwd, home: homeOfGit(), env: { ...GIT_ENVIRONMENT, ...env } });
}

/**
 * Starts the server with one repository, `PROJ/sample` unless it is named otherwise.
 * @param serveOther gets each request first; true if it answers it
 */
export async function startGitUpstream(
  first: { readonly project: string; readonly repository: string } = { project: 'PROJ', repository: 'sample' },
  serveOther: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<GitUpstream> {
  const folder = createTemporaryFolder('git');
  const projectRoot = join(folder.path, 'repositories');
  let requests: GitRequest[] = [];

  const createRepository = async (project: string, repository: string): Promise<string> => {
    const path = join(projectRoot, project, `${repository}.git`);
    const workingCopy = join(folder.path, `first-${project}-${repository}`);
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(workingCopy, { recursive: true });
    writeFileSync(join(workingCopy, 'README.md'), `# ${repository}\n`);
    const steps: readonly (readonly [string, readonly string[]])[] = [
      [projectRoot, ['init', '--quiet', '--bare', '--initial-branch=main', path]],
      [path, ['config', 'http.receivepack', 'true']],
      [workingCopy, ['init', '--quiet', '--initial-branch=main']],
      [workingCopy, ['add', 'README.md']],
      [workingCopy, ['commit', '--quiet', '--message=First commit']],
      [workingCopy, ['push', '--quiet', path, 'main']],
    ];
    for (const [cwd, gitArguments] of steps) {
      const result = await runGit(gitArguments, { cwd });
      if (result.exitCode !== 0) {
        throw new Error(`git ${gitArguments.join(' ')} ended with ${result.exitCode}: ${result.errorOutput}`);
      }
    }
    return path;
  };
  const repositoryPath = await createRepository(first.project, first.repository);

  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', target: request.url ?? '', headers: request.headers });
    if (!serveOther(request, response)) serveBackend(projectRoot, request, response);
  });
  const port = await listen(server);
  return {
    url: `http://${HOST}:${port}`,
    port,
    repositoryPath,
    repositoryTarget: `/scm/${first.project}/${first.repository}.git`,
    get requests(): readonly GitRequest[] {
      return requests;
    },
    clear(): void {
      requests = [];
    },
    createRepository,
    async stop(): Promise<void> {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await folder.remove();
    },
  };
}

/** Hands a request to `git http-backend` by the rules of CGI (RFC 3875) and its output back as the answer. */
function serveBackend(projectRoot: string, request: IncomingMessage, response: ServerResponse): void {
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  if (!path.startsWith('/scm/')) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found.\n');
    return;
  }
  const backend = spawn('git', ['http-backend'], {
    cwd: projectRoot,
    env: {
      ...privateEnvironment(homeOfGit()),
      ...GIT_ENVIRONMENT,
      GATEWAY_INTERFACE: 'CGI/1.1',
      SERVER_PROTOCOL: 'HTTP/1.1',
      GIT_PROJECT_ROOT: projectRoot,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(path.slice('/scm'.length)),
      QUERY_STRING: question < 0 ? '' : target.slice(question + 1),
      REQUEST_METHOD: request.method ?? 'GET',
      REMOTE_ADDR: HOST,
      ...environmentOf('CONTENT_TYPE', request.headers['content-type']),
      ...environmentOf('CONTENT_LENGTH', request.headers['content-length']),
      ...environmentOf('HTTP_CONTENT_ENCODING', request.headers['content-encoding']),
      ...environmentOf('HTTP_GIT_PROTOCOL', request.headers['git-protocol']),
      ...environmentOf('REMOTE_USER', request.headers['x-forwarded-user']),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  backend.once('error', () => response.destroy());
  // The program may end without having read its input; the rest of the body is then dropped.
  backend.stdin.once('error', () => request.resume());
  request.pipe(backend.stdin);
  response.once('close', () => backend.kill('SIGKILL'));

  let head = Buffer.alloc(0);
  const readHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      return;
    }
    backend.stdout.off('data', readHead);
    let status = 200;
    for (const line of head.toString('latin1', 0, end).split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).trim();
      if (name.toLowerCase() === 'status') {
        status = Number.parseInt(value, 10);
      } else {
        response.setHeader(name, value);
      }
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
    backend.stdout.pipe(response);
  };
  backend.stdout.on('data', readHead);
  backend.stdout.once('end', () => {
    if (!response.headersSent) {
      response.writeHead(500, { 'Content-Type': 'text/plain' }).end('git http-backend gave no answer.\n');
    }
  });
}

function environmentOf(name: string, value: string | readonly string[] | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: typeof value === 'string' ? value : value.join(', ') };
}

function homeOfGit(): string {
  home ??= createTemporaryFolder('git-home').path;
  return home;
}

/** Whether git and its HTTP backend are installed. */
export function isGitAvailable(): boolean {
  return findProgram('git') !== undefined;
}
