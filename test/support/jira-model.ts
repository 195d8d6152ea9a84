import type { IncomingHttpHeaders } from 'node:http';

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

export type JiraAnswer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type JiraCall = {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly user: string | undefined;
};

const ISSUE_TYPE = { id: '10002', name: 'Task', subtask: false };

export const UNAUTHENTICATED: JiraAnswer = {
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

const METHOD_NOT_ALLOWED: JiraAnswer = { status: 405, headers: { Allow: 'GET,PUT,DELETE,OPTIONS' } };

/** The state of a Jira with the project DEMO and two issues, and its answers. */
export class JiraModel {
  readonly issues = new Map<string, Issue>();
  private lastId = 10_000;
  private lastNumber = 0;

  /** @param baseUrl the address that Jira is configured with, which stands in every `self` */
  constructor(
    private readonly baseUrl: string,
    private readonly version = '9.12.0',
  ) {
    this.add('admin', 'The coffee machine answers 418', 'It says it is a teapot.');
    this.add('admin', 'Write the release notes', null);
  }

  answer(path: string, call: JiraCall): JiraAnswer {
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
      case 'GET /rest/api/2/field':
        return { status: 200, body: [] };
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
        return this.download(at) ?? this.answerIssue(path, call, call.user);
    }
  }

  private download(at: string): JiraAnswer | undefined {
    const id = /^GET \/secure\/attachment\/(\d+)\/[^/]+$/.exec(at)?.[1];
    const file = [...this.issues.values()].flatMap(({ attachments }) => attachments).find((one) => one.id === id);
    return file && { status: 200, body: file.content, headers: { 'Content-Type': 'application/octet-stream' } };
  }

  private answerIssue(path: string, call: JiraCall, user: string): JiraAnswer {
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

  private create(user: string, body: Readonly<Record<string, unknown>> | undefined): JiraAnswer {
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

  private change(issue: Issue, body: Readonly<Record<string, unknown>> | undefined): JiraAnswer {
    const fields = recordOf(body?.['fields']);
    issue.summary = textOf(fields?.['summary']) ?? issue.summary;
    issue.description = textOf(fields?.['description']) ?? issue.description;
    return { status: 204 };
  }

  /** One file of a multipart body (RFC 7578), taken out without a look at more than its own part. */
  private attach(issue: Issue, call: JiraCall, author: string): JiraAnswer {
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
  private search(jql: string): JiraAnswer {
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
    const versionNumbers = this.version.split('.').map(Number);
    const buildNumber = versionNumbers.reduce((number, part) => number * 100 + part, 0);
    return {
      baseUrl: this.baseUrl,
      version: this.version,
      versionNumbers,
      deploymentType: 'Server',
      buildNumber,
      buildDate: '2023-11-20T00:00:00.000+0000',
      databaseBuildNumber: buildNumber,
      scmInfo: '7a0e1a5d8dbd4a2b4a0a8e8f0c1d2e3f4a5b6c7d',
      serverTitle: 'Jira',
      defaultLocale: { locale: 'en_US' },
    };
  }
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
