import type { Socket } from 'node:net';
import { RequestHead } from '@scopegate/access';
import {
  challenges,
  codeProblem,
  forClients,
  PROBLEM_MEDIA_TYPE,
  USUAL_CHALLENGE,
  type ChallengedRequest,
  type Problem,
  type ProblemCode,
} from '@scopegate/problem';
import { productOf } from '@scopegate/product';
import type { Exchange } from '../access/exchange.js';
import { newRequestId } from './request-id.js';

/** Names and values in turns. */
function problemHeaders(problem: Problem, length: number, challenged: ChallengedRequest): string[] {
  const lines = ['Content-Type', PROBLEM_MEDIA_TYPE, 'Content-Length', String(length), 'Cache-Control', 'no-store'];
  for (const challenge of challenges(problem, challenged)) lines.push('WWW-Authenticate', challenge);
  if (problem.status === 405) lines.push('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  const waitSeconds = challenged.denial?.retryAfterSeconds;
  if (waitSeconds !== undefined) lines.push('Retry-After', String(waitSeconds));
  return lines;
}

export interface ProblemForm {
  /** Of the answer; by default that of the problem. */
  readonly status?: number;
  /** More header lines: names and values in turns. */
  readonly lines?: readonly string[];
}

/** For Node's own response, without a framework. A problem of a mount has what clients of its product need (R122). */
export function writeProblem(
  exchange: Exchange,
  problem: Problem,
  closes: boolean,
  { status = problem.status, lines: more = [] }: ProblemForm = {},
): void {
  const { response, facts, denial, application } = exchange;
  const content = application === null ? problem : forClients(problem, productOf(application.kind).errorMember);
  // A text leaves in one write with the head.
  const body = JSON.stringify(content);
  const lines = problemHeaders(problem, Buffer.byteLength(body), {
    denial,
    head: facts.head,
    audience: 'proxied',
    offered: application?.challenge ?? USUAL_CHALLENGE,
  });
  lines.push(...more);
  exchange.addOwnLines(lines);
  if (closes) lines.push('Connection', 'close');
  response.writeHead(status, lines);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** For a connection without a valid request; closes it. */
export function writeRawProblem(socket: Socket, code: ProblemCode, detail: string): void {
  const problem = codeProblem(code, detail, newRequestId());
  const body = Buffer.from(JSON.stringify(problem));
  const lines = problemHeaders(problem, body.length, {
    denial: null,
    head: RequestHead.of([]),
    audience: 'proxied',
    offered: USUAL_CHALLENGE,
  });
  lines.push('X-Request-Id', problem.requestId);
  let head = `HTTP/1.1 ${problem.status} ${STATUS_TEXTS[problem.status] ?? 'Error'}\r\nConnection: close\r\n`;
  for (let index = 0; index < lines.length; index += 2) head += `${lines[index]}: ${lines[index + 1]}\r\n`;
  socket.end(Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body]));
  // A client could leave its side open for ever.
  socket.destroySoon();
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};
