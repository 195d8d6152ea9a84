import { authorizationOf, type ApiCredential, type ProblemBody } from './api.client.js';

/** The decision that a guard gets, as far as tests look at it. */
export type GuardDecision = {
  readonly decision: 'allow' | 'deny';
  readonly requestId: string;
  readonly caller: {
    readonly username: string;
    readonly displayName: string;
    readonly email: string | null;
    readonly groups: readonly string[];
    readonly tokenId: string;
    readonly scope: string;
    readonly expiresAt: string | null;
  } | null;
  readonly problem: ProblemBody | null;
  readonly challenge: readonly string[];
  readonly retryAfterSeconds: number | null;
};

export type IntrospectionAnswer<Body> = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
};

/** What a guard asks about. Left out: a GET of `/`, with a Host line and from loopback. */
export type GuardedRequest = {
  readonly application?: string;
  readonly method?: string;
  readonly target?: string;
  /** After the Host line. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly clientIp?: string | null;
  readonly scope?: string;
};

/** Asks for the decision about a request, as a guard does. @param origin of the server */
export function askForDecision(
  origin: string,
  credential: ApiCredential | null,
  { headers = [], ...asked }: GuardedRequest = {},
): Promise<IntrospectionAnswer<GuardDecision & ProblemBody>> {
  const lines = [['Host', 'reports.example.com'], ...headers];
  const body = { method: 'GET', target: '/', clientIp: '127.0.0.1', ...asked, headers: lines };
  return post(`${origin}/introspect/decision`, credential, 'application/json', JSON.stringify(body));
}

/** Sends a body as it is. @param origin of the server */
export function postIntrospection<Body = ProblemBody>(
  url: string,
  credential: ApiCredential | null,
  type: string,
  body: string,
): Promise<IntrospectionAnswer<Body>> {
  return post(url, credential, type, body);
}

async function post<Body>(
  url: string,
  credential: ApiCredential | null,
  type: string,
  body: string,
): Promise<IntrospectionAnswer<Body>> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': type,
      ...(credential === null ? {} : { Authorization: authorizationOf(credential) }),
    },
    body,
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: JSON.parse(text) as Body };
}
