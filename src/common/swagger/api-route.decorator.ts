import { applyDecorators, HttpCode, UseInterceptors } from '@nestjs/common';
import {
  ApiBasicAuth,
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiCookieAuth,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiResponse,
} from '@nestjs/swagger';
import { REASONS } from '@scopegate/access';
import { PROBLEM_CODES, type ProblemCode } from '@scopegate/problem';
import { Access, BodyLimit, TakesBody, type RouteAccess } from '../access/route.decorators.js';
import { BODY_LIMITS } from '../http/body-limits.js';
import { IdempotencyInterceptor } from '../http/idempotency.interceptor.js';
import { LocationInterceptor } from './location.interceptor.js';
import { ProblemDto } from './problem.dto.js';
import { problemResponse } from './problem-response.js';
import { headersOfSuccess } from './response-headers.js';

/** Security schemes of the OpenAPI document. */
export const BASIC_SCHEME = 'basic';
export const BEARER_SCHEME = 'token';
export const SESSION_SCHEME = 'session';

/** What a caller may authenticate with. Made for each route: a shared decorator would gather the schemes of all. */
const credentials = (): readonly MethodDecorator[] => [
  ApiBasicAuth(BASIC_SCHEME),
  ApiBearerAuth(BEARER_SCHEME),
  ApiCookieAuth(SESSION_SCHEME),
];

interface RouteOptions<Answer extends object> {
  /** Enforced and documented (R63). */
  readonly access: RouteAccess;
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  /** The DTO of the success answer; none for 204. */
  readonly type?: new () => Answer;
  /** The success answer has an `ETag`. */
  readonly isTagged?: boolean;
  readonly example?: unknown;
  /** Of a success answer that is not JSON, each with an example. */
  readonly text?: Readonly<Record<string, string>>;
  /** The parameters of the path, by name. */
  readonly params?: Readonly<Record<string, { readonly description: string; readonly example: string }>>;
  /** The examples by title can be sent as they are. */
  readonly body?: { readonly type: new () => object; readonly examples: Readonly<Record<string, object>> };
  /** The body is `text/csv`, with this example. Enforced, too. */
  readonly csv?: string;
  /** The body is a form, as a standard demands. Enforced, too: elsewhere a form is refused, because pages of other sites can send one. */
  readonly isForm?: true;
  /** Default 64 KiB. Enforced, too (R112). */
  readonly maxBodyBytes?: number;
  /** The route's own problems; those of every route are added. */
  readonly problems?: readonly ProblemCode[];
}

/** The path in `Location` (RFC 9110 15.3.2). */
interface CreatingRouteOptions<Answer extends object> extends RouteOptions<Answer> {
  readonly status: 201;
  readonly type: new () => Answer;
  readonly location: (made: Answer) => string;
  /** Whether an `Idempotency-Key` gives the first answer again. Default true. */
  readonly isReplayable?: boolean;
}

interface OtherRouteOptions<Answer extends object> extends RouteOptions<Answer> {
  /** Default 200. 302 is for calls that lead a browser to another page. */
  readonly status?: 200 | 204 | 302;
  readonly location?: undefined;
  readonly isReplayable?: undefined;
}

export type ApiRouteOptions<Answer extends object = object> = CreatingRouteOptions<Answer> | OtherRouteOptions<Answer>;

/** For every route with a body. */
const PROBLEMS_OF_BODIES: readonly ProblemCode[] = [
  'validation_failed',
  'request_malformed',
  'too_large',
  'request_timeout',
  'unsupported_media_type',
];

function textContent(
  examples: NonNullable<RouteOptions<object>['text']>,
): Record<string, { schema: object; example: string }> {
  return Object.fromEntries(
    Object.entries(examples).map(([media, example]) => [media, { schema: { type: 'string' }, example }]),
  );
}

function describeBody({ type, examples }: NonNullable<RouteOptions<object>['body']>): MethodDecorator {
  return ApiBody({
    type,
    examples: Object.fromEntries(Object.entries(examples).map(([title, value]) => [title, { value }])),
  });
}

function describeCsv(example: string): readonly MethodDecorator[] {
  return [
    TakesBody('csv'),
    ApiConsumes('text/csv'),
    ApiBody({ schema: { type: 'string' }, examples: { csv: { value: example } } }),
  ];
}

const IDEMPOTENCY_KEY = ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description:
    'Makes a retry safe: for 24 hours, the same key of the same caller gets the first answer again, without ' +
    'its secret and with `Idempotent-Replay: true`. With another body, the answer is 409.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' },
});

type ProblemOptions = Pick<RouteOptions<object>, 'access' | 'body' | 'csv' | 'problems'>;

function takesBody({ body, csv, problems }: ProblemOptions): boolean {
  return body !== undefined || csv !== undefined || problems?.includes('unsupported_media_type') === true;
}

function problemsByStatus(options: ProblemOptions): readonly (readonly [number, readonly string[]])[] {
  const codes = new Set<ProblemCode>([
    ...(options.access === 'administrators' || options.access === 'introspectors'
      ? (['administrator_required'] as const)
      : []),
    ...(options.problems ?? []),
    ...(takesBody(options) ? PROBLEMS_OF_BODIES : []),
    'internal_error',
    'policy_unavailable',
    'audit_unavailable',
  ]);
  const byStatus = new Map<number, string[]>();
  for (const { status, publicCode, onEveryCall } of Object.values(REASONS)) {
    const known = byStatus.get(status) ?? [];
    if (onEveryCall && !known.includes(publicCode)) byStatus.set(status, [...known, publicCode]);
  }
  for (const code of codes) {
    const { status } = PROBLEM_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].sort(([first], [second]) => first - second);
}

const SUCCESSES: Readonly<Record<number, string>> = { 204: 'Done; no body', 302: 'Leads to another page' };

function successResponse<Answer extends object>(options: ApiRouteOptions<Answer>, status: number): MethodDecorator {
  return ApiResponse({
    status,
    description: SUCCESSES[status] ?? 'Done',
    headers: headersOfSuccess(status === 201, options.isTagged === true),
    ...(options.type === undefined ? {} : { type: options.type }),
    ...(options.example === undefined ? {} : { example: options.example }),
    ...(options.text === undefined ? {} : { content: textContent(options.text) }),
  });
}

function describeCreation<Answer extends object>({
  location,
  isReplayable = true,
}: ApiRouteOptions<Answer>): readonly MethodDecorator[] {
  if (location === undefined) return [];
  const locates = new LocationInterceptor(location);
  return isReplayable
    ? [UseInterceptors(locates, IdempotencyInterceptor), IDEMPOTENCY_KEY]
    : [UseInterceptors(locates)];
}

/** Documents and enforces: access, status, body limit, and `Location` if something is created. */
export function ApiRoute<Answer extends object>(options: ApiRouteOptions<Answer>): MethodDecorator {
  const status = options.status ?? 200;
  const maxBodyBytes = options.maxBodyBytes ?? BODY_LIMITS.small;
  return applyDecorators(
    Access(options.access),
    HttpCode(status),
    ...(takesBody(options) ? [BodyLimit(maxBodyBytes)] : []),
    ...describeCreation(options),
    ...Object.entries(options.params ?? {}).map(([name, param]) => ApiParam({ name, ...param })),
    ...(options.body === undefined ? [] : [describeBody(options.body)]),
    ...(options.isForm === undefined ? [] : [TakesBody('form'), ApiConsumes('application/x-www-form-urlencoded')]),
    ...(options.csv === undefined ? [] : describeCsv(options.csv)),
    ApiExtraModels(ProblemDto),
    ...(options.access === 'public' ? [] : credentials()),
    ApiOperation({
      summary: options.summary,
      ...(options.access === 'public' ? { security: [] } : {}),
      ...(options.description === undefined ? {} : { description: options.description }),
    }),
    successResponse(options, status),
    ...problemsByStatus(options).map(([problemStatus, codes]) =>
      ApiResponse({ status: problemStatus, ...problemResponse(problemStatus, codes, maxBodyBytes) }),
    ),
  );
}
