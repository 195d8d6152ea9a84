import { REASONS } from '@scopegate/access';
import type { RawAnswer } from '../support/raw-client.js';
import { allowed, denied, isAnsweredHere, passed, type AccessCase, type CaseExpectation } from './access-case.js';
import { decideByHead } from './access-case.decision.js';
import type { Line } from './access-case.request.js';

/** Lines of an answer that are about the answer itself. Every other one is for the request that goes upstream. */
const ABOUT_THE_ANSWER: ReadonlySet<string> = new Set([
  'cache-control',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'x-request-id',
  'x-scopegate-code',
  'x-scopegate-status',
]);

/** What forward authentication may decide in a case: one of these. A text says why it cannot show the case. */
export async function expectationsAtDoor(row: AccessCase): Promise<readonly CaseExpectation[] | string> {
  if (typeof row.atDoor === 'string') return row.atDoor;
  if (row.atDoor !== undefined) return [row.atDoor];
  if (isAnsweredHere(row)) return 'The gateway answers itself.';
  if (row.notPure !== undefined) return [row.expect];
  const { decision, reads } = await decideByHead(row);
  if (!reads) return [row.expect];
  const { credential } = row.request.credential?.kind === 'raw' ? row.expect : {};
  const needsBody = denied('body_needed', 403, credential === undefined ? {} : { credential });
  // Without a body, a request may go on only where a body would change nothing but the reason of a refusal.
  if (decision.kind === 'deny') {
    const { status, publicCode } = REASONS[decision.code];
    return [needsBody, denied(decision.code, status, { publicCode })];
  }
  const { expect: expected } = row;
  const changesReason = expected.decision === 'deny' && expected.code === 'credential_misplaced';
  if (isLogin(row)) return [needsBody];
  if (decision.kind === 'allow') return changesReason ? [needsBody, allowed()] : [needsBody];
  return changesReason || expected.decision === 'pass' ? [needsBody, passed()] : [needsBody];
}

/** A login of jira is in its body. */
function isLogin({ request }: AccessCase): boolean {
  return request.path.startsWith('/rest/auth') || request.path.startsWith('/rest//auth');
}

/** The names that a proxy has to replace in the request by what the answer says. */
export function answeredNames({ headerLines }: RawAnswer): readonly string[] {
  return headerLines.map(([name]) => name.toLowerCase()).filter((name) => !ABOUT_THE_ANSWER.has(name));
}

/** The lines with which a proxy sends the request on: it replaces those of the answer, and leaves out empty ones. */
export function linesBehindProxy(sent: readonly Line[], answer: RawAnswer): readonly Line[] {
  const names = new Set(answeredNames(answer));
  return [
    ...sent.filter(([name]) => !names.has(name.toLowerCase())),
    ...answer.headerLines.filter(([name, value]) => names.has(name.toLowerCase()) && value !== ''),
  ];
}
