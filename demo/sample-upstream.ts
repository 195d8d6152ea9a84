import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One request as the sample upstream counted it. */
export type ReceivedRequest = { readonly method: string; readonly path: string; readonly user: string | undefined };

/** A small issue tracker with the paths of Jira's REST API. It has no access control of its own and believes the gateway. */
export type SampleUpstream = {
  readonly url: string;
  /** The requests to its REST API so far. The list is also there as `GET /received`, which is not counted itself. */
  readonly received: readonly ReceivedRequest[];
  stop(): Promise<void>;
};

type Issue = {
  readonly id: string;
  readonly key: string;
  readonly summary: string;
  readonly description: string;
  readonly status: string;
  readonly reporter: string;
};

type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

type IssueFields = { readonly summary: string; readonly description: string };

/** What a handler knows of a request. The user is the one the gateway names, or `anonymous`. */
type Call = {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly user: string;
  readonly body: Buffer;
  readonly origin: string;
};

const HOST = '127.0.0.1';
const BODY_LIMIT_BYTES = 1_048_576;
const PROJECT = 'DEMO';
const IDENTITY_HEADER = 'x-forwarded-user';

const FIRST_ISSUES: readonly (IssueFields & { readonly status: string; readonly reporter: string })[] = [
  {
    summary: 'The coffee machine answers 418',
    description: 'It says it is a teapot.',
    status: 'Open',
    reporter: 'carol',
  },
  {
    summary: 'Rotate the deployment token',
    description: 'It has been valid for years.',
    status: 'Open',
    reporter: 'dave',
  },
  { summary: 'Write the release notes', description: 'For version 1.0.', status: 'Done', reporter: 'carol' },
];

/**
 * Starts the tracker with three issues, which live in memory.
 * @param port on 127.0.0.1; 0 lets the system choose
 * @throws Error when the port is taken
 */
export async function startSampleUpstream(port = 0): Promise<SampleUpstream> {
  const tracker = new IssueTracker();
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    void serve(tracker, received, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  const address = server.address();
  const chosenPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${HOST}:${chosenPort}`,
    received,
    async stop(): Promise<void> {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  tracker: IssueTracker,
  received: ReceivedRequest[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  if (path === '/received') {
    send(response, method, { status: 200, body: { count: received.length, requests: received } });
    return;
  }
  const user = [request.headers[IDENTITY_HEADER]].flat()[0];
  received.push({ method, path, user });
  const body = await readBody(request);
  if (body === 'broken-off') {
    return;
  }
  if (body === 'too-large') {
    send(response, method, { ...failure(413, 'The body is larger than 1 MiB.'), headers: { Connection: 'close' } });
    return;
  }
  const query = new URLSearchParams(question < 0 ? '' : target.slice(question + 1));
  const origin = `http://${request.headers.host ?? HOST}`;
  send(response, method, tracker.answer(path, { method, query, user: user ?? 'anonymous', body, origin }));
}

/** The issues and what can be done with them. */
class IssueTracker {
  private readonly issues = new Map<string, Issue>();
  private lastNumber = 0;

  constructor() {
    for (const { summary, description, status, reporter } of FIRST_ISSUES) {
      this.add({ summary, description }, status, reporter);
    }
  }

  answer(path: string, call: Call): Answer {
    switch (path) {
      case '/rest/api/2/serverInfo':
        return this.route(call, { GET: () => ({ status: 200, body: SERVER_INFORMATION }) });
      case '/rest/api/2/myself':
        return this.route(call, {
          GET: () => ({ status: 200, body: { name: call.user, key: call.user, active: true } }),
        });
      case '/rest/api/2/search':
        return this.route(call, { GET: () => this.search(call.query.get('text') ?? '', call) });
      case '/rest/api/2/issue':
        return this.route(call, { GET: () => this.search('', call), POST: () => this.create(call) });
      default:
        return this.answerIssue(path, call);
    }
  }

  private answerIssue(path: string, call: Call): Answer {
    const key = /^\/rest\/api\/2\/issue\/([A-Za-z]+-\d+)$/.exec(path)?.[1]?.toUpperCase();
    if (key === undefined) {
      return failure(404, `There is nothing at ${path}.`);
    }
    const issue = this.issues.get(key);
    if (issue === undefined) {
      return failure(404, `Issue ${key} does not exist.`);
    }
    return this.route(call, {
      GET: () => ({ status: 200, body: toView(issue, call.origin) }),
      PUT: () => this.change(issue, call),
      DELETE: () => {
        this.issues.delete(issue.key);
        return { status: 204 };
      },
    });
  }

  /** HEAD is answered as GET, without the body; OPTIONS tells the methods; what is left is a 405. */
  private route(call: Call, methods: Readonly<Record<string, () => Answer>>): Answer {
    const allowed = ['OPTIONS', ...Object.keys(methods), ...('GET' in methods ? ['HEAD'] : [])].sort().join(', ');
    if (call.method === 'OPTIONS') {
      return { status: 204, headers: { Allow: allowed } };
    }
    const handler = methods[call.method === 'HEAD' ? 'GET' : call.method];
    if (handler === undefined) {
      return { ...failure(405, `${call.method} is not possible here.`), headers: { Allow: allowed } };
    }
    return handler();
  }

  private search(text: string, call: Call): Answer {
    const wanted = text.toLowerCase();
    const found = [...this.issues.values()].filter(({ summary, description }) =>
      `${summary}\n${description}`.toLowerCase().includes(wanted),
    );
    return { status: 200, body: { total: found.length, issues: found.map((issue) => toView(issue, call.origin)) } };
  }

  private create(call: Call): Answer {
    const fields = parseFields(call.body);
    if (fields === undefined || fields.summary === undefined) {
      return failure(400, 'The body has to be {"fields": {"summary": "…", "description"?: "…"}}.');
    }
    const issue = this.add({ summary: fields.summary, description: fields.description ?? '' }, 'Open', call.user);
    const { self } = toView(issue, call.origin);
    return { status: 201, headers: { Location: self }, body: { id: issue.id, key: issue.key, self } };
  }

  private change(issue: Issue, call: Call): Answer {
    const fields = parseFields(call.body);
    if (fields === undefined) {
      return failure(400, 'The body has to be {"fields": {"summary"?: "…", "description"?: "…"}}.');
    }
    this.issues.set(issue.key, {
      ...issue,
      summary: fields.summary ?? issue.summary,
      description: fields.description ?? issue.description,
    });
    return { status: 204 };
  }

  private add(fields: IssueFields, status: string, reporter: string): Issue {
    this.lastNumber += 1;
    const issue = {
      id: String(10_000 + this.lastNumber),
      key: `${PROJECT}-${this.lastNumber}`,
      ...fields,
      status,
      reporter,
    };
    this.issues.set(issue.key, issue);
    return issue;
  }
}

const SERVER_INFORMATION = { version: '9.12.0', deploymentType: 'Server', serverTitle: 'Sample issue tracker' };

function toView(issue: Issue, origin: string): { readonly self: string; readonly key: string } {
  const view = {
    id: issue.id,
    key: issue.key,
    self: `${origin}/rest/api/2/issue/${issue.key}`,
    fields: {
      summary: issue.summary,
      description: issue.description,
      status: { name: issue.status },
      reporter: { name: issue.reporter },
    },
  };
  return view;
}

/** The fields of an issue in a body, or undefined for a body that is not of that form. */
function parseFields(body: Buffer): { readonly summary?: string; readonly description?: string } | undefined {
  let content: unknown;
  try {
    content = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  const fields = isRecord(content) ? content['fields'] : undefined;
  if (!isRecord(fields)) {
    return undefined;
  }
  const { summary, description } = fields;
  if (!isOptionalText(summary) || !isOptionalText(description) || summary?.trim() === '') {
    return undefined;
  }
  return { ...(summary === undefined ? {} : { summary }), ...(description === undefined ? {} : { description }) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** An error in the form that Jira gives to its own. */
function failure(status: number, message: string): Answer {
  return { status, body: { errorMessages: [message], errors: {} } };
}

function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | 'broken-off'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > BODY_LIMIT_BYTES) {
        resolve('too-large');
      } else {
        chunks.push(chunk);
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => resolve('broken-off'));
  });
}

function send(response: ServerResponse, method: string, answer: Answer): void {
  const text = answer.body === undefined ? undefined : `${JSON.stringify(answer.body)}\n`;
  response.writeHead(answer.status, {
    ...(text === undefined
      ? {}
      : { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) }),
    ...answer.headers,
  });
  response.end(method === 'HEAD' ? undefined : text);
}
