import { getSchemaPath } from '@nestjs/swagger';
import { REASONS } from '@scopegate/access';
import { PROBLEM_CODES, PROBLEM_MEDIA_TYPE, problemType } from '@scopegate/problem';
import { ProblemDto } from './problem.dto.js';
import { headersOfProblem } from './response-headers.js';

interface ProblemResponse {
  readonly description: string;
  readonly headers: ReturnType<typeof headersOfProblem>;
  readonly content: Record<string, { schema: { $ref: string }; examples: Record<string, { value: ProblemDto }> }>;
}

/** What the API document says of a status with these codes. */
export function problemResponse(status: number, codes: readonly string[], maxBodyBytes = 0): ProblemResponse {
  return {
    description:
      `Problem: ${codes.map((code) => `\`${code}\``).join(', ')}` +
      (status === 413 ? `. ${tooLargeText(maxBodyBytes)}` : ''),
    headers: headersOfProblem(status, codes),
    content: {
      [PROBLEM_MEDIA_TYPE]: {
        schema: { $ref: getSchemaPath(ProblemDto) },
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code, status, maxBodyBytes) }])),
      },
    },
  };
}

const tooLargeText = (maxBytes: number): string => `The body of this request may have at most ${maxBytes} bytes.`;

/** The detail differs from case to case. */
function exampleOf(code: string, status: number, maxBodyBytes: number): ProblemDto {
  const reason = Object.values(REASONS).find((candidate) => candidate.publicCode === code);
  const problem = Object.entries(PROBLEM_CODES).find(([candidate]) => candidate === code)?.[1];
  const title = problem?.title ?? reason?.title ?? code;
  return {
    type: problemType(code),
    title,
    status,
    detail: code === 'too_large' ? tooLargeText(maxBodyBytes) : (reason?.detail ?? `${title}.`),
    code,
    requestId: '5bc4e3a80823aa15a9a304027e79128b',
    ...(code === 'validation_failed' ? { errors: [{ field: 'name', message: 'name must not be empty' }] } : {}),
  };
}
