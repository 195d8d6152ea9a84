import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiBasicAuth, ApiBearerAuth, ApiExtraModels, ApiOperation, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEM_CODES, PROBLEM_MEDIA_TYPE, type ProblemCode } from '@scopegate/problem';
import { ProblemDto } from './problem.dto.js';

/** The names of the two security schemes of the OpenAPI document. */
export const BASIC_SCHEME = 'basic';
export const BEARER_SCHEME = 'token';

/** What a management route answers besides its success. */
export interface ApiRouteOptions {
  /** One line for the list of operations. */
  readonly summary: string;
  /** More, in Markdown. */
  readonly description?: string;
  /** The success status; 200 where it is left out. */
  readonly status?: 200 | 201 | 204;
  /** The DTO of the success answer; none for 204. */
  readonly type?: new () => object;
  /** An example of the success answer. */
  readonly example?: unknown;
  /** The problems this route can answer with besides those of every route. */
  readonly problems?: readonly ProblemCode[];
}

/** Bundles what Swagger UI shows of a management route: summary, security, success and every problem answer. */
export function ApiRoute(options: ApiRouteOptions): MethodDecorator {
  const status = options.status ?? 200;
  const problems = new Set<ProblemCode>([
    ...(options.problems ?? []),
    'internal_error',
    'policy_unavailable',
    'audit_unavailable',
  ]);
  const byStatus = new Map<number, string[]>([
    [401, ['authentication_required', 'credential_invalid', 'token_expired', 'token_revoked', 'ip_not_allowed']],
    [403, ['use_not_permitted', 'scope_insufficient']],
    [429, ['too_many_failures']],
  ]);
  for (const code of problems) {
    const codes = byStatus.get(PROBLEM_CODES[code].status) ?? [];
    byStatus.set(PROBLEM_CODES[code].status, [...codes, code]);
  }
  return applyDecorators(
    HttpCode(status),
    ApiExtraModels(ProblemDto),
    ApiBasicAuth(BASIC_SCHEME),
    ApiBearerAuth(BEARER_SCHEME),
    ApiOperation({
      summary: options.summary,
      ...(options.description === undefined ? {} : { description: options.description }),
    }),
    ApiResponse({
      status,
      description: status === 204 ? 'Done; no body' : 'Done',
      ...(options.type === undefined ? {} : { type: options.type }),
      ...(options.example === undefined ? {} : { example: options.example }),
    }),
    ...[...byStatus]
      .sort(([first], [second]) => first - second)
      .map(([problemStatus, codes]) =>
        ApiResponse({
          status: problemStatus,
          description: `Problem: ${codes.map((code) => `\`${code}\``).join(', ')}`,
          content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: getSchemaPath(ProblemDto) } } },
        }),
      ),
  );
}
