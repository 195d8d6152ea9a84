import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import {
  admitForm,
  authenticate,
  denyAdmitted,
  MAX_FORM_BYTES,
  needsForm,
  refusesLargeForm,
  type Admitted,
} from '@scopegate/access';
import { exchangeOf, type Exchange } from '../../common/access/exchange.js';
import { readBeginning } from '../../common/http/body.reader.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import { Clock } from '../../common/time/clock.js';
import { FailureThrottle } from '../failure.throttle.js';

/**
 * The last guard: looks for credentials in the form of a request that everything else lets through, and judges the request
 * anew with what it finds (R43, R109). A request that the head alone refuses is not read, but for the words
 * of one without a credential: the second guard sees to those.
 */
@Injectable()
export class FormGuard implements CanActivate {
  constructor(
    private readonly throttle: FailureThrottle,
    private readonly clock: Clock,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    const { admitted } = exchange;
    if (admitted === null || !needsForm(admitted.request.head, admitted.application)) return true;
    return this.#judge(exchange, admitted);
  }

  async #judge(exchange: Exchange, admitted: Admitted): Promise<boolean> {
    const isRefusedIfLarge = refusesLargeForm(admitted);
    if (isRefusedIfLarge && admitted.request.head.contentLength > MAX_FORM_BYTES) throw tooLarge();
    const { bytes, isWhole } = await readBeginning(exchange, MAX_FORM_BYTES);
    if (isRefusedIfLarge && !isWhole) throw tooLarge();
    const again = admitForm(admitted, bytes);
    if (again.kind === 'deny') return this.throttle.refuse(exchange, again);
    if (exchange.decision?.kind !== 'pass') {
      // A token, or a session of one, has been judged already; a password besides would log somebody else in.
      return (
        again.credential.kind !== 'password' ||
        this.throttle.refuse(exchange, denyAdmitted(again, 'credential_ambiguous', null))
      );
    }
    const result = authenticate(again, { nowMs: this.clock.nowMs() });
    if (result.kind === 'deny') return this.throttle.refuse(exchange, result);
    if (result.kind === 'pass') {
      exchange.admitted = again;
      exchange.decision = result;
    }
    return true;
  }
}

function tooLarge(): ProblemException {
  return new ProblemException(
    'too_large',
    `While passwords are switched off, a form may have at most ${MAX_FORM_BYTES} bytes here, because the ` +
      'gateway searches it for a password.',
  );
}
