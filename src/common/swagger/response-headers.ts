interface DocumentedHeader {
  readonly description: string;
  readonly schema: { readonly type: 'string' | 'integer'; readonly format?: string; readonly example: string | number };
}

type DocumentedHeaders = Record<string, DocumentedHeader>;

/** Every answer has it. */
export const REQUEST_ID_HEADER: DocumentedHeaders = {
  'X-Request-Id': {
    description: 'The id of the request: the client’s or a new one. It is also in the audit log and in the log.',
    schema: { type: 'string', example: '5bc4e3a80823aa15a9a304027e79128b' },
  },
};

const TOKEN_EXPIRES: DocumentedHeaders = {
  'X-Scopegate-Token-Expires': {
    description:
      'The end of the token of this request (ISO 8601, UTC), if it is at most 14 days away. Also with an error.',
    schema: { type: 'string', format: 'date-time', example: '2027-11-23T09:30:00.000Z' },
  },
};

const LOCATION: DocumentedHeaders = {
  Location: {
    description: 'The path of the created resource.',
    schema: { type: 'string', format: 'uri-reference', example: '/api/v1/tokens/7Hq2LmP0aZx9' },
  },
};

const IDEMPOTENT_REPLAY: DocumentedHeaders = {
  'Idempotent-Replay': {
    description: '`true` if an earlier call with the same `Idempotency-Key` created it. The secret is left out.',
    schema: { type: 'string', example: 'true' },
  },
};

const ENTITY_TAG: DocumentedHeaders = {
  ETag: {
    description: 'The version. Send it as `If-Match` with a change, and the change is made only to this version.',
    schema: { type: 'string', example: '"7"' },
  },
};

const CHALLENGE: DocumentedHeaders = {
  'WWW-Authenticate': {
    description:
      'How to authenticate: Basic, and Bearer with an error if the request came with Bearer. A 401 to a script ' +
      'of the server’s own pages has none.',
    schema: { type: 'string', example: 'Basic realm="Scopegate", charset="UTF-8"' },
  },
};

const SCOPE_CHALLENGE: DocumentedHeaders = {
  'WWW-Authenticate': {
    description: 'Only with `scope_insufficient`: the scope that the request needs (RFC 6750).',
    schema: { type: 'string', example: 'Bearer error="insufficient_scope", scope="read-write"' },
  },
};

const RETRY_AFTER: DocumentedHeaders = {
  'Retry-After': { description: 'How many seconds to wait.', schema: { type: 'integer', example: 60 } },
};

export function headersOfSuccess(isCreated: boolean, isTagged: boolean): DocumentedHeaders {
  return {
    ...REQUEST_ID_HEADER,
    ...TOKEN_EXPIRES,
    ...(isCreated ? { ...LOCATION, ...IDEMPOTENT_REPLAY } : {}),
    ...(isTagged ? ENTITY_TAG : {}),
  };
}

export function headersOfProblem(status: number, codes: readonly string[]): DocumentedHeaders {
  return {
    ...REQUEST_ID_HEADER,
    ...(status === 401 ? CHALLENGE : {}),
    ...(codes.includes('scope_insufficient') ? SCOPE_CHALLENGE : {}),
    ...(status === 429 ? RETRY_AFTER : {}),
  };
}
