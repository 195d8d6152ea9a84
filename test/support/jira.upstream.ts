import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One request as the server received it. */
export type JiraRequest = {
  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
};

/**
 * A server with the paths and the shapes of Jira's REST API version 2, as Jira Data Center 9.12 answers them. It knows its
 * users by a header, which it believes as Jira believes its single sign-on, or by a user name and a password.
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
};

type Issue = {
  readonly id: string;
  readonly key: string;
  readonly created: string;
  summary: string;
  description: string | null;
  readonly reporter: string;
  readonly attachments: Attachment[];
};

type Attachment = { readonly id: string; readonly filename: string; readonly content: Buffer; readonly author: string };

type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

type Call = {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly user: string | undefined;
};

const HOST = '127.0.0.1';
const CONTEXT = '/jira';
const IDENTITY_HEADER = 'x-forwarded-user';
const ISSUE_TYPE = { id: '10002', name: 'Task', subtask: false };

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
  const jira = new Jira(url);

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
      send(response, undefined, UNAUTHENTICATED);
      return;
    }
    const question = target.indexOf('?');
    const path = question < 0 ? target : target.slice(0, question);
    const user = login?.user ?? (typeof identity === 'string' ? identity : undefined);
    const call: Call = {
      method,
      query: new URLSearchParams(question < 0 ? '' : target.slice(question + 1)),
      headers,
      body: Buffer.concat(chunks),
      user,
    };
    send(response, user, path.startsWith(`${CONTEXT}/`) ? jira.answer(path.slice(CONTEXT.length), call) : undefined);
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

/** What Jira knows and answers. */
class Jira {
  readonly issues = new Map<string, Issue>();
  private lastId = 10_000;
  private lastNumber = 0;

  /** @param baseUrl the address that Jira is configured with, which stands in every `self` */
  constructor(private readonly baseUrl: string) {
    this.add('admin', 'The coffee machine answers 418', 'It says it is a teapot.');
    this.add('admin', 'Write the release notes', null);
  }

  answer(path: string, call: Call): Answer {
    const at = `${call.method} ${path}`;
    if (at === 'GET /rest/api/2/serverInfo') {
      return { status: 200, body: this.serverInformation() };
    }
    if (call.user === undefined) {
      return UNAUTHENTICATED;
    }
    switch (at) {
      case 'GET /rest/api/2/myself':
        return { status: 200, body: { ...this.user(call.user), groups: { size: 1, items: [] }, expand: 'groups' } };
      case 'GET /rest/api/2/project':
        return { status: 200, body: [this.project()] };
      case 'GET /rest/api/2/project/DEMO':
        return { status: 200, body: { ...this.project(), lead: this.user('admin'), issueTypes: [ISSUE_TYPE] } };
      case 'GET /rest/api/2/search':
        return this.search(call.query.get('jql') ?? '');
      case 'POST /rest/api/2/search':
        return this.search(textOf(readJson(call.body)?.['jql']) ?? '');
      case 'POST /rest/api/2/issue':
        return this.create(call.user, readJson(call.body));
      default:
        return this.answerIssue(path, call, call.user);
    }
  }

  private answerIssue(path: string, call: Call, user: string): Answer {
    const [, key, rest] = /^\/rest\/api\/2\/issue\/([A-Z]+-\d+)(\/attachments)?$/.exec(path) ?? [];
    const issue = key === undefined ? undefined : this.issues.get(key);
    if (key === undefined) {
      return { status: 404, body: { message: 'null for uri: ' + this.baseUrl + path, 'status-code': 404 } };
    }
    if (issue === undefined) {
      return { status: 404, body: { errorMessages: ['Issue Does Not Exist'], errors: {} } };
    }
    if (rest !== undefined) {
      return call.method === 'POST' ? this.attach(issue, call, user) : METHOD_NOT_ALLOWED;
    }
    switch (call.method) {
      case 'GET':
        return { status: 200, body: this.view(issue) };
      case 'PUT':
        return this.change(issue, readJson(call.body));
      case 'DELETE':
        this.issues.delete(issue.key);
        return { status: 204 };
      default:
        return METHOD_NOT_ALLOWED;
    }
  }

  private create(user: string, body: Readonly<Record<string, unknown>> | undefined): Answer {
    const fields = recordOf(body?.['fields']);
    const summary = textOf(fields?.['summary']);
    if (recordOf(fields?.['project'])?.['key'] !== 'DEMO') {
      return { status: 400, body: { errorMessages: [], errors: { project: 'project is required' } } };
    }
    if (summary === undefined || summary === '') {
      const errors = { summary: 'You must specify a summary of the issue.' };
      return { status: 400, body: { errorMessages: [], errors } };
    }
    const issue = this.add(user, summary, textOf(fields?.['description']) ?? null);
    return { status: 201, body: { id: issue.id, key: issue.key, self: this.selfOf(issue) } };
  }

  private change(issue: Issue, body: Readonly<Record<string, unknown>> | undefined): Answer {
    const fields = recordOf(body?.['fields']);
    issue.summary = textOf(fields?.['summary']) ?? issue.summary;
    issue.description = textOf(fields?.['description']) ?? issue.description;
    return { status: 204 };
  }

  /** One file of a multipart body (RFC 7578), taken out without a look at more than its own part. */
  private attach(issue: Issue, call: Call, author: string): Answer {
    if (call.headers['x-atlassian-token'] !== 'no-check') {
      return { status: 403, body: 'XSRF check failed' };
    }
    const boundary = /boundary="?([^";]+)/.exec(call.headers['content-type'] ?? '')?.[1];
    const head = call.body.indexOf('\r\n\r\n');
    const end = call.body.lastIndexOf(`\r\n--${boundary ?? ''}--`);
    const filename = /filename="([^"]*)"/.exec(call.body.toString('latin1', 0, Math.max(head, 0)))?.[1];
    if (boundary === undefined || head < 0 || end < 0 || filename === undefined) {
      return { status: 400, body: { errorMessages: ['The body is no multipart/form-data.'], errors: {} } };
    }
    const content = call.body.subarray(head + 4, end);
    const attachment = { id: String((this.lastId += 1)), filename, content, author };
    issue.attachments.push(attachment);
    return { status: 200, body: [this.attachmentView(attachment)] };
  }

  /** The little of JQL that is needed here: a text that the summary has to contain. */
  private search(jql: string): Answer {
    const text = (/(?:summary|text)\s*~\s*"?([^"]*)"?/.exec(jql)?.[1] ?? '').toLowerCase();
    const found = [...this.issues.values()].filter(({ summary }) => summary.toLowerCase().includes(text));
    const issues = found.map((issue) => this.view(issue));
    const body = { expand: 'schema,names', startAt: 0, maxResults: 50, total: issues.length, issues };
    return { status: 200, body };
  }

  private add(reporter: string, summary: string, description: string | null): Issue {
    this.lastNumber += 1;
    const issue: Issue = {
      id: String((this.lastId += 1)),
      key: `DEMO-${this.lastNumber}`,
      created: '2026-03-02T09:15:00.000+0000',
      summary,
      description,
      reporter,
      attachments: [],
    };
    this.issues.set(issue.key, issue);
    return issue;
  }

  private view(issue: Issue): unknown {
    return {
      expand: 'renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations',
      id: issue.id,
      self: this.selfOf(issue),
      key: issue.key,
      fields: {
        summary: issue.summary,
        description: issue.description,
        issuetype: ISSUE_TYPE,
        project: this.project(),
        status: { id: '10000', name: 'To Do', statusCategory: { id: 2, key: 'new', colorName: 'default' } },
        priority: { id: '3', name: 'Medium' },
        reporter: this.user(issue.reporter),
        assignee: null,
        labels: [],
        created: issue.created,
        updated: issue.created,
        attachment: issue.attachments.map((attachment) => this.attachmentView(attachment)),
      },
    };
  }

  private attachmentView({ id, filename, content, author }: Attachment): unknown {
    return {
      self: `${this.baseUrl}/rest/api/2/attachment/${id}`,
      id,
      filename,
      author: this.user(author),
      size: content.length,
      content: `${this.baseUrl}/secure/attachment/${id}/${encodeURIComponent(filename)}`,
    };
  }

  private project(): { readonly key: string } & Readonly<Record<string, unknown>> {
    const self = `${this.baseUrl}/rest/api/2/project/10000`;
    return { expand: 'description,lead,url,projectKeys', self, id: '10000', key: 'DEMO', name: 'Demonstration' };
  }

  private user(name: string): Readonly<Record<string, unknown>> {
    return {
      self: `${this.baseUrl}/rest/api/2/user?username=${encodeURIComponent(name)}`,
      key: `JIRAUSER-${name}`,
      name,
      emailAddress: `${name}@example.org`,
      displayName: name,
      active: true,
      deleted: false,
      timeZone: 'UTC',
      locale: 'en_US',
    };
  }

  private selfOf(issue: Issue): string {
    return `${this.baseUrl}/rest/api/2/issue/${issue.id}`;
  }

  private serverInformation(): unknown {
    return {
      baseUrl: this.baseUrl,
      version: '9.12.0',
      versionNumbers: [9, 12, 0],
      deploymentType: 'Server',
      buildNumber: 912_000,
      buildDate: '2023-11-20T00:00:00.000+0000',
      databaseBuildNumber: 912_000,
      scmInfo: '7a0e1a5d8dbd4a2b4a0a8e8f0c1d2e3f4a5b6c7d',
      serverTitle: 'Jira',
      defaultLocale: { locale: 'en_US' },
    };
  }
}

const UNAUTHENTICATED: Answer = {
  status: 401,
  headers: {
    'WWW-Authenticate': 'OAuth realm="http%3A%2F%2F127.0.0.1"',
    'X-Seraph-LoginReason': 'AUTHENTICATED_FAILED',
  },
  body: {
    errorMessages: ['You are not authenticated. Authentication required to perform this operation.'],
    errors: {},
  },
};

const METHOD_NOT_ALLOWED: Answer = { status: 405, headers: { Allow: 'GET,PUT,DELETE,OPTIONS' } };

const NOT_FOUND: Answer = {
  status: 404,
  body: '<html><title>Oops, you&#39;ve found a dead link. - Jira</title></html>',
};

/** Jira opens a session with every answer, whoever asks and however. */
function send(response: ServerResponse, user: string | undefined, answer: Answer = NOT_FOUND): void {
  const isText = typeof answer.body === 'string';
  const text = textOf(answer.body) ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
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

function readLogin(
  authorization: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  if (authorization === undefined) {
    return undefined;
  }
  const text = Buffer.from(authorization.replace(/^basic /i, ''), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return { user: text.slice(0, Math.max(colon, 0)), password: text.slice(colon + 1) };
}

function readJson(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    return recordOf(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
