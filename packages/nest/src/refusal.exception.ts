import { HttpException } from '@nestjs/common';
import type { Problem } from './decision.js';

/** Over HTTP, its answer is the problem. In an answer of GraphQL, the message and `extensions` of the error say it. */
export class RefusalException extends HttpException {
  readonly extensions: { readonly code: string; readonly problem: Problem };

  constructor(problem: Problem) {
    super(problem, problem.status);
    this.message = problem.detail ?? problem.code;
    this.extensions = { code: problem.code, problem };
  }
}
