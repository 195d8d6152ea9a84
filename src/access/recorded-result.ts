import { REASONS } from '@scopegate/access';
import type { AuditEventType, AuditOutcome } from '@scopegate/audit';
import type { Exchange } from '../common/access/exchange.js';

/** What the event of a request says of its end. */
export interface RecordedResult {
  readonly type: AuditEventType;
  readonly outcome: Exclude<AuditOutcome, 'changed'>;
  readonly code: string | null;
}

/** @param status 0 without an answer */
export function recordedResultOf(exchange: Exchange, status: number): RecordedResult {
  const { denial, problem, admitted, login } = exchange;
  // A failure of ours in between is none of the login.
  if (login !== null && problem === null) {
    return login.failure === null
      ? { type: 'login.succeeded', outcome: 'allowed', code: null }
      : { type: 'login.failed', outcome: 'failed', code: login.failure.code };
  }
  const isLogin = exchange.application === null && (admitted?.credential.kind ?? denial?.credential) === 'password';
  if (denial !== null) {
    // Anyone can ask without being trusted: as failures, many of them become one event with a count.
    if (REASONS[denial.code].status === 403 && denial.code !== 'proxy_not_trusted') {
      return { type: 'permission.denied', outcome: 'denied', code: denial.code };
    }
    // The token is not to blame (R70).
    if (denial.code === 'upstream_credential_rejected') {
      return { type: 'upstream.failed', outcome: 'failed', code: denial.code };
    }
    return { type: isLogin ? 'login.failed' : 'authentication.failed', outcome: 'failed', code: denial.code };
  }
  if (problem !== null && status === 403) return { type: 'permission.denied', outcome: 'denied', code: problem.code };
  if (problem !== null && status >= 500 && problem.code.startsWith('upstream_')) {
    return { type: 'upstream.failed', outcome: 'failed', code: problem.code };
  }
  if (problem !== null && (status >= 500 || exchange.application !== null)) {
    return { type: status >= 500 ? 'request.failed' : 'authentication.failed', outcome: 'failed', code: problem.code };
  }
  if (exchange.decision?.kind === 'pass') return { type: 'authentication.passed', outcome: 'passed', code: null };
  return { type: isLogin ? 'login.succeeded' : 'authentication.succeeded', outcome: 'allowed', code: null };
}

/** Of a request that a caller asks about. */
export function askedStatusOf({ denial, problem }: Exchange): number {
  return denial === null ? (problem?.status ?? 200) : REASONS[denial.code].status;
}
