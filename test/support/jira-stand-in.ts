import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { JiraModel, UNAUTHENTICATED, type JiraAnswer, type JiraCall } from './jira-model.js';
import { CONTEXT, readLogin, sendAsJira } from './jira.upstream.js';
import { listen } from './listen.js';

/** One request as the stand-in received it, with the user whom it saw. */
export type StandInRequest = {
  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Null: an anonymous request. */
  readonly user: string | null;
  /** The subject of the client certificate; null: there is none. */
  readonly clientCertificate: string | null;
};

/**
 * A Jira that trusts no identity header, as it is without any app. What differs between its versions is how a user logs
 * in: up to 10 with a password, a session or a personal access token, and from 11 on with a personal access token alone.
 */
export type JiraStandIn = {
  /** With the context path `/jira`. */
  readonly url: string;
  readonly requests: readonly StandInRequest[];
  /** The reporters of all issues by their summary. */
  readonly reporters: Readonly<Record<string, string>>;
  /** Makes a personal access token, as its user does in the profile. */
  createAccessToken(user: string): string;
  revokeAccessToken(token: string): void;
  /** From now on, whether an unknown token makes an anonymous request in place of a 401. */
  takeUnknownTokensForAnonymous(isAnonymous: boolean): void;
  /** From now on, Jira demands a CAPTCHA of this user, whatever the credential is. */
  demandCaptcha(user: string): void;
  /** The user has logged in on Jira's own page. */
  solveCaptcha(user: string): void;
  /** Failed logins by user, as Jira counts them until it demands a CAPTCHA. */
  readonly failedLogins: ReadonlyMap<string, number>;
  /** Forgets the requests; everything else stays. */
  clear(): void;
  stop(): Promise<void>;
};

export type JiraStandInOptions = {
  readonly version: '9.12.0' | '11.0.0';
  /** The passwords by user name. */
  readonly users: Readonly<Record<string, string>>;
  readonly tls?: ServerOptions;
  /** Jira's base URL, which stands in its links and in its XSRF check. Default: its own. */
  readonly baseUrl?: string;
};

const MAX_FAILED_LOGINS = 3;

const BASIC_DISABLED: JiraAnswer = {
  status: 403,
  body: { message: 'Basic Authentication has been disabled on this instance.' },
};

const XSRF_FAILED: JiraAnswer = { status: 403, body: 'XSRF check failed' };

type Login = { readonly user: string | undefined } | { readonly refusal: JiraAnswer };

/** Starts the stand-in with the project DEMO and two issues. */
export async function startJiraStandIn(options: JiraStandInOptions): Promise<JiraStandIn> {
  const logins = new JiraLogins(options);
  let requests: StandInRequest[] = [];
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  const port = await listen(server);
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}${CONTEXT}`;
  const baseUrl = options.baseUrl ?? url;
  const jira = new JiraModel(baseUrl, options.version);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url: target = '/', headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [path = '', query = ''] = target.split('?', 2);
    const below = path.startsWith(`${CONTEXT}/`) ? path.slice(CONTEXT.length) : null;
    const login = logins.of(headers, url);
    const user = 'user' in login ? login.user : undefined;
    requests.push({ method, target, headers, user: user ?? null, clientCertificate: subjectOf(request) });
    const call: JiraCall = { method, query: new URLSearchParams(query), headers, body: Buffer.concat(chunks), user };
    const answer =
      'refusal' in login
        ? login.refusal
        : below === null
          ? undefined
          : isForged(call, baseUrl)
            ? XSRF_FAILED
            : (logins.answer(below, call, url) ?? jira.answer(below, call));
    sendAsJira(response, user, answer);
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch(() => response.destroy());
  });
  return {
    url,
    get requests(): readonly StandInRequest[] {
      return requests;
    },
    get reporters(): Readonly<Record<string, string>> {
      return Object.fromEntries([...jira.issues.values()].map(({ summary, reporter }) => [summary, reporter]));
    },
    createAccessToken: (user) => logins.createAccessToken(user),
    revokeAccessToken: (token) => logins.revokeAccessToken(token),
    takeUnknownTokensForAnonymous: (isAnonymous) => logins.takeUnknownTokensForAnonymous(isAnonymous),
    demandCaptcha: (user) => logins.demandCaptcha(user),
    solveCaptcha: (user) => logins.solveCaptcha(user),
    failedLogins: logins.failed,
    clear(): void {
      requests = [];
    },
    async stop(): Promise<void> {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Who a request is from, and the calls that log in or make a credential. */
class JiraLogins {
  readonly failed = new Map<string, number>();
  readonly #tokens = new Map<string, string>();
  readonly #sessions = new Map<string, string>();
  readonly #hasPasswords: boolean;
  #isAnonymousForUnknown = false;

  constructor(private readonly options: JiraStandInOptions) {
    this.#hasPasswords = options.version === '9.12.0';
  }

  createAccessToken(user: string): string {
    const token = randomBytes(33).toString('base64');
    this.#tokens.set(token, user);
    return token;
  }

  revokeAccessToken(token: string): void {
    this.#tokens.delete(token);
  }

  takeUnknownTokensForAnonymous(isAnonymous: boolean): void {
    this.#isAnonymousForUnknown = isAnonymous;
  }

  demandCaptcha(user: string): void {
    this.failed.set(user, MAX_FAILED_LOGINS);
  }

  solveCaptcha(user: string): void {
    this.failed.delete(user);
  }

  of(headers: IncomingHttpHeaders, url: string): Login {
    const { authorization } = headers;
    if (authorization === undefined) return { user: this.#sessionUser(headers.cookie) };
    const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    if (token !== undefined) {
      const user = this.#tokens.get(token);
      if (user !== undefined) return this.#unlessLocked(user, url);
      return this.#isAnonymousForUnknown ? { user: undefined } : { refusal: UNAUTHENTICATED };
    }
    if (!/^Basic /i.test(authorization)) return { user: undefined };
    if (!this.#hasPasswords) return { refusal: BASIC_DISABLED };
    const login = readLogin(authorization);
    return this.#logIn(login?.user ?? '', login?.password ?? '', url);
  }

  /** @returns undefined for a call that is not about logins */
  answer(path: string, call: JiraCall, url: string): JiraAnswer | undefined {
    if (path === '/rest/auth/1/session') {
      if (!this.#hasPasswords) return { status: 404 };
      if (call.method === 'POST') return this.#openSession(call.body, url);
      if (call.user === undefined) return UNAUTHENTICATED;
      return call.method === 'GET' ? { status: 200, body: { name: call.user, loginInfo: {} } } : { status: 204 };
    }
    if (path === '/rest/pat/latest/tokens' && call.method === 'POST' && call.user !== undefined) {
      return { status: 201, body: { name: 'made by a script', rawToken: this.createAccessToken(call.user) } };
    }
    return undefined;
  }

  #openSession(body: Buffer, url: string): JiraAnswer {
    const { username, password } = JSON.parse(body.toString('utf8')) as Readonly<Record<string, string>>;
    const login = this.#logIn(username ?? '', password ?? '', url);
    if ('refusal' in login) return login.refusal;
    const value = randomBytes(16).toString('hex').toUpperCase();
    this.#sessions.set(value, username ?? '');
    return {
      status: 200,
      body: { session: { name: 'JSESSIONID', value }, loginInfo: { loginCount: 1 } },
      headers: { 'Set-Cookie': `JSESSIONID=${value}; Path=${CONTEXT}; HttpOnly` },
    };
  }

  #sessionUser(cookie: string | undefined): string | undefined {
    return this.#sessions.get(/JSESSIONID=(\w+)/.exec(cookie ?? '')?.[1] ?? '');
  }

  #logIn(user: string, password: string, url: string): Login {
    const login = this.#unlessLocked(user, url);
    if ('refusal' in login || this.options.users[user] === password) return login;
    this.failed.set(user, (this.failed.get(user) ?? 0) + 1);
    return { refusal: UNAUTHENTICATED };
  }

  #unlessLocked(user: string, url: string): Login {
    if ((this.failed.get(user) ?? 0) < MAX_FAILED_LOGINS) return { user };
    const headers = {
      'X-Seraph-LoginReason': 'AUTHENTICATION_DENIED',
      'X-Authentication-Denied-Reason': `CAPTCHA_CHALLENGE; login-url=${url}/login.jsp`,
      'WWW-Authenticate': 'OAuth realm="http%3A%2F%2F127.0.0.1"',
    };
    return { refusal: { status: 403, headers, body: '<html>Basic Authentication Failure</html>' } };
  }
}

/** Jira's XSRF check: of forms, and of browsers whose page is from elsewhere. */
function isForged({ method, headers }: JiraCall, baseUrl: string): boolean {
  if (method === 'GET' || method === 'HEAD' || headers['x-atlassian-token'] === 'no-check') return false;
  const type = headers['content-type'] ?? '';
  const isForm = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)/i.test(type);
  if (isForm) return true;
  const from = headers.origin ?? headers.referer;
  const isBrowser = headers['user-agent']?.startsWith('Mozilla/') === true;
  return isBrowser && (from === undefined || new URL(from).origin !== new URL(baseUrl).origin);
}

function subjectOf({ socket }: IncomingMessage): string | null {
  if (!('getPeerCertificate' in socket)) return null;
  const subject = (socket as TLSSocket).getPeerCertificate().subject as { readonly CN?: unknown } | undefined;
  return subject === undefined ? null : String(subject.CN);
}
