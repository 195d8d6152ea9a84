import { forClients, type Problem } from '@scopegate/problem';
import { productOf } from '@scopegate/product';
import type { Exchange } from '../common/access/exchange.js';
import { writeProblem } from '../common/http/problem.writer.js';
import { dropUnreadBody, REFUSED_BODY } from '../common/http/unread-body.js';

const CODE = 'X-Scopegate-Code';

/** The true one, beside the statuses that nginx understands. */
const STATUS = 'X-Scopegate-Status';

/**
 * Exactly 200, without a body (R86).
 * @param upstreamLines what the upstream must get, names and values in turns
 * @param isForNginx see `readStatuses`
 */
export function writeAllow(exchange: Exchange, upstreamLines: readonly string[], isForNginx: boolean): void {
  const { request, response, decision } = exchange;
  const code = decision?.kind === 'allow' ? 'allowed' : 'passed';
  const lines = [...upstreamLines, CODE, code, 'Cache-Control', 'no-store', 'Content-Length', '0'];
  if (isForNginx) lines.push(STATUS, '200');
  exchange.addOwnLines(lines);
  if (exchange.closesAfter(200)) lines.push('Connection', 'close');
  dropUnreadBody(request, response, REFUSED_BODY);
  response.writeHead(200, lines).end();
}

/** @param isForNginx see `readStatuses` */
export function writeRefusal(
  exchange: Exchange,
  problem: Problem,
  isForNginx: boolean,
  closes = exchange.closesAfter(problem.status),
): void {
  const code = [CODE, problem.code];
  if (!isForNginx) {
    writeProblem(exchange, problem, closes, { lines: code });
    return;
  }
  // nginx drops the body of this answer, but configurations can read its headers.
  const lines = [...code, STATUS, String(problem.status), 'X-Scopegate-Problem', headerText(exchange, problem)];
  writeProblem(exchange, problem, closes, { lines, status: problem.status === 401 ? 401 : 403 });
}

/** JSON in one line of ASCII. */
function headerText({ application }: Exchange, problem: Problem): string {
  const content = application === null ? problem : forClients(problem, productOf(application.kind).errorMember);
  return JSON.stringify(content).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
