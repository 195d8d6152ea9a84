import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { acceptsHtml } from '@scopegate/access';
import { PROBLEM_DESCRIPTIONS, problemType, type ProblemDescription } from '@scopegate/problem';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exchangeOf } from '../access/exchange.js';
import { Access } from '../access/route.decorators.js';
import { ProblemException } from '../http/problem.exception.js';
import { problemListPage, problemPage } from './problem-page.js';

/** The description of a code as JSON. `type` is the address it is at, as in the problem itself. */
type DescribedProblem = ProblemDescription & { readonly type: string };

/**
 * The addresses that the `type` of a problem leads to (RFC 9457 3.1.1): a page for a browser, JSON for programs. They
 * need no credential, because a 401 leads here, too.
 */
@ApiExcludeController()
@Access('public')
@Controller('docs/problems')
export class ProblemPagesController {
  @Get()
  list(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string | { items: readonly DescribedProblem[] } {
    return isPageFor(request, reply)
      ? problemListPage(PROBLEM_DESCRIPTIONS)
      : { items: PROBLEM_DESCRIPTIONS.map(toDescribed) };
  }

  @Get(':code')
  show(
    @Param('code') code: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string | DescribedProblem {
    const problem = PROBLEM_DESCRIPTIONS.find((candidate) => candidate.code === code);
    if (problem === undefined) {
      throw new ProblemException('not_found', 'No problem has this code. GET /docs/problems lists every code.');
    }
    return isPageFor(request, reply) ? problemPage(problem) : toDescribed(problem);
  }
}

/** Decides between the page and JSON, and labels the answer. */
function isPageFor(request: FastifyRequest, reply: FastifyReply): boolean {
  const isPage = acceptsHtml(exchangeOf(request).facts.head);
  void reply.header('Vary', 'Accept').type(isPage ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8');
  return isPage;
}

function toDescribed(problem: ProblemDescription): DescribedProblem {
  return { type: problemType(problem.code), ...problem };
}
