import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { JiraModel, UNAUTHENTICATED, type JiraAnswer, type JiraCall } from './jira-model.js';

/** One request as the server received it. */
export type JiraRequest = {
  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
};

/**
 * A server with the paths and the shapes of Jira's REST API version 2, as Jira Data Center 9.12 answers them. It takes the
 * user from a header, as Jira does from its single sign-on, or from a user name and a password.
 */
export type JiraUpstream = {
  /** With the context path `/jira`, as Jira has one as a rule. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly JiraRequest[];
  /** The summaries of all issues, in the order of their keys. */
  readonly summaries: readonly string[];
  /** The content of the attachment of that name, if there is one. */
  attachment(filename: string): Buffer | undefined;
  /** How many requests came with a password that was wrong. */
  readonly failedLogins: number;
  /** Forgets the requests; the issues stay. */
  clear(): void;
  stop(): Promise<void>;
};

export type JiraUpstreamOptions = {
  /** The passwords by user name. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** Jira's base URL, which stands in every address that it writes. Default: its own. */
  readonly baseUrl?: string;
};

const HOST = '127.0.0.1';
export const CONTEXT = '/jira';
const IDENTITY_HEADER = 'x-forwarded-user';
/** Starts the server with the project DEMO and two issues. */
export async function startJiraUpstream(options: JiraUpstreamOptions = {}): Promise<JiraUpstream> {
  let requests: JiraRequest[] = [];
  let failedLogins = 0;
  const passwords = new Map(Object.entries(options.passwords ?? {}));

  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://${HOST}:${port}${CONTEXT}`;
  const jira = new JiraModel(options.baseUrl ?? url);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url: target = '/', headers } = request;
    requests.push({ method, target, headers });
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const identity = headers[IDENTITY_HEADER];
    const login = readLogin(headers.authorization);
    const isLoggedIn = login !== undefined && passwords.get(login.user) === login.password;
    if (login !== undefined && !isLoggedIn) {
      failedLogins += 1;
      sendAsJira(response, undefined, UNAUTHENTICATED);
      return;
    }
    const question = target.indexOf('?');
    const path = question < 0 ? target : target.slice(0, question);
    const user = login?.user ?? (typeof identity === 'string' ? identity : undefined);
    const call: JiraCall = {
      method,
      query: new URLSearchParams(question < 0 ? '' : target.slice(question + 1)),
      headers,
      body: Buffer.concat(chunks),
      user,
    };
    sendAsJira(
      response,
      user,
      path.startsWith(`${CONTEXT}/`) ? jira.answer(path.slice(CONTEXT.length), call) : undefined,
    );
  };
  server.on('request', (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const { issues } = jira;
  return {
    url,
    port,
    get requests(): readonly JiraRequest[] {
      return requests;
    },
    get summaries(): readonly string[] {
      return [...issues.values()].map(({ summary }) => summary);
    },
    attachment: (filename) =>
      [...issues.values()].flatMap(({ attachments }) => attachments).find((file) => file.filename === filename)
        ?.content,
    get failedLogins(): number {
      return failedLogins;
    },
    clear(): void {
      requests = [];
      failedLogins = 0;
    },
    async stop(): Promise<void> {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

const NOT_FOUND: JiraAnswer = {
  status: 404,
  body: '<html><title>Oops, you&#39;ve found a dead link. - Jira</title></html>',
};

/** Jira opens a session with every answer, for every kind of request. */
export function sendAsJira(response: ServerResponse, user: string | undefined, answer: JiraAnswer = NOT_FOUND): void {
  const isText = typeof answer.body === 'string';
  const isFile = Buffer.isBuffer(answer.body);
  const text = isText || isFile ? answer.body : answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'X-AREQUESTID': '555x1x1',
    'X-AUSERNAME': user ?? 'anonymous',
    'Set-Cookie': [
      `JSESSIONID=${randomBytes(16).toString('hex').toUpperCase()}; Path=${CONTEXT}; HttpOnly`,
      `atlassian.xsrf.token=${randomBytes(20).toString('hex')}; Path=${CONTEXT}; SameSite=None`,
    ],
    'Cache-Control': 'no-cache, no-store, no-transform',
    'X-Content-Type-Options': 'nosniff',
    ...(text === '' ? {} : { 'Content-Type': isText ? 'text/html;charset=UTF-8' : 'application/json;charset=UTF-8' }),
    ...answer.headers,
  });
  response.end(text);
}

export function readLogin(
  authorization: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  if (authorization === undefined) {
    return undefined;
  }
  const text = Buffer.from(authorization.replace(/^basic /i, ''), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return { user: text.slice(0, Math.max(colon, 0)), password: text.slice(colon + 1) };
}
