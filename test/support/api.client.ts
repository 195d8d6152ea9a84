/** Who calls: a user with a password or a token (both Basic), or a token alone (Bearer). */
export type ApiCredential =
  | { readonly user: string; readonly password: string }
  | { readonly user: string; readonly token: string }
  | { readonly bearer: string };

export type ApiAnswer<Body> = {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body where it is JSON, its text where it is something else, undefined for an empty body. */
  readonly body: Body;
};

/** An error's body (RFC 9457), as far as tests look at it. */
export type ProblemBody = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
};

export type ApiCallOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the credential of the client; `null` for a call without any. */
  readonly credential?: ApiCredential | null;
};

/**
 * Calls the management API. Paths are below `/api/v1`, such as `/tokens`. A status is an answer like any other; what is
 * thrown is a connection that failed.
 */
export type ApiClient = {
  readonly url: string;
  /** The same API with another credential; `null` for none. */
  as(credential: ApiCredential | null): ApiClient;
  get<Body = unknown>(path: string, options?: ApiCallOptions): Promise<ApiAnswer<Body>>;
  post<Body = unknown>(path: string, body?: unknown, options?: ApiCallOptions): Promise<ApiAnswer<Body>>;
  patch<Body = unknown>(path: string, body?: unknown, options?: ApiCallOptions): Promise<ApiAnswer<Body>>;
  put<Body = unknown>(path: string, body?: unknown, options?: ApiCallOptions): Promise<ApiAnswer<Body>>;
  delete<Body = unknown>(path: string, options?: ApiCallOptions): Promise<ApiAnswer<Body>>;
};

/**
 * @param origin such as `http://127.0.0.1:3000`
 * @param credential what every call carries, unless it says otherwise
 * @param lines header lines of every call
 */
export function createApiClient(
  origin: string,
  credential: ApiCredential | null = null,
  lines: Readonly<Record<string, string>> = {},
): ApiClient {
  const url = `${origin}/api/v1`;
  const call = async <Body>(
    method: string,
    path: string,
    body: unknown,
    options: ApiCallOptions = {},
  ): Promise<ApiAnswer<Body>> => {
    const caller = options.credential === undefined ? credential : options.credential;
    const answer = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(caller === null ? {} : { Authorization: authorizationOf(caller) }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...lines,
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' && isCsv(options) ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: parseBody(answer.headers, text) as Body };
  };
  return {
    url,
    as: (other) => createApiClient(origin, other, lines),
    get: (path, options) => call('GET', path, undefined, options),
    post: (path, body, options) => call('POST', path, body, options),
    patch: (path, body, options) => call('PATCH', path, body, options),
    put: (path, body, options) => call('PUT', path, body, options),
    delete: (path, options) => call('DELETE', path, undefined, options),
  };
}

const isCsv = ({ headers }: ApiCallOptions): boolean => headers?.['Content-Type'] === 'text/csv';

/** The value of the Authorization header for a credential. */
export function authorizationOf(credential: ApiCredential): string {
  if ('bearer' in credential) {
    return `Bearer ${credential.bearer}`;
  }
  const secret = 'password' in credential ? credential.password : credential.token;
  return `Basic ${Buffer.from(`${credential.user}:${secret}`, 'utf8').toString('base64')}`;
}

function parseBody(headers: Headers, text: string): unknown {
  if (text === '') {
    return undefined;
  }
  const isJson = /^application\/(?:[a-z.+-]+\+)?json(?:;|$)/i.test(headers.get('content-type') ?? '');
  return isJson ? (JSON.parse(text) as unknown) : text;
}
