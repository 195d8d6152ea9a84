import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import {
  admitForm,
  authenticate,
  MAX_FORM_BYTES,
  needsFormToRefuse,
  type Admitted,
  type AuthenticationFacts,
  type Deny,
  type LoginResult,
  type TokenLookup,
} from '@scopegate/access';
import { exchangeOf, type Exchange } from '../../common/access/exchange.js';
import { readBeginning } from '../../common/http/body.reader.js';
import { Clock } from '../../common/time/clock.js';
import { LANES } from '../../database/lane-rules.js';
import { TimeLimit } from '../../database/time-limit.js';
import { DirectoryService } from '../../directory/directory.service.js';
import type { LoginOrigin } from '../../directory/login-origin.js';
import { SessionsService } from '../../tokens/sessions.service.js';
import { TokenCache } from '../../tokens/token.cache.js';
import { FailureThrottle } from '../failure.throttle.js';

/** The second guard: whose token this is and whether it is in force, or who logs in at the management API. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly tokens: TokenCache,
    private readonly sessions: SessionsService,
    private readonly directory: DirectoryService,
    private readonly throttle: FailureThrottle,
    private readonly clock: Clock,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    const { admitted } = exchange;
    if (admitted === null) return true;
    // A session, its token and the owner are read one after the other, and the client waits for all of them.
    const lookup = this.#lookUp(admitted);
    if (lookup !== null) {
      return lookup instanceof Promise
        ? new TimeLimit(LANES.judging.timeoutMs)
            .answer(lookup)
            .then((token) => this.#authenticateToken(exchange, admitted, token))
        : this.#authenticateToken(exchange, admitted, lookup);
    }
    if (admitted.application === null && admitted.credential.kind === 'password') {
      return this.#authenticateLogin(exchange, admitted);
    }
    return this.#authenticate(exchange, admitted, { nowMs: this.clock.nowMs() });
  }

  /** The token of the request: by its secret, or by that of a session made with it (R11). Null where none is looked up. */
  #lookUp({ credential, request }: Admitted): TokenLookup | Promise<TokenLookup> | null {
    if (credential.kind !== 'token') return null;
    if (credential.via === 'cookie') {
      return credential.sessionId === null ? null : this.sessions.lookUp(credential.sessionId, credential.secret);
    }
    return credential.tokenId === null ? null : this.tokens.lookUp(credential.tokenId, credential.secret, request.head);
  }

  #authenticateToken(exchange: Exchange, admitted: Admitted, token: TokenLookup): boolean | Promise<boolean> {
    const vendorMount = exchange.vendorMount ?? undefined;
    return this.#authenticate(exchange, admitted, { token, nowMs: this.clock.nowMs(), vendorMount });
  }

  /** A password is checked only while its address and user name have failures left (R51). */
  #authenticateLogin(exchange: Exchange, admitted: Admitted): Promise<boolean> {
    return this.throttle.attemptLogin(exchange, admitted, async (origin) => {
      const login = await this.#logIn(admitted, origin);
      return this.#authenticate(exchange, admitted, { login, nowMs: this.clock.nowMs() });
    });
  }

  async #logIn(admitted: Admitted, origin: LoginOrigin): Promise<LoginResult> {
    const { credential } = admitted;
    if (credential.kind !== 'password' || credential.username === null || credential.secret === null) {
      return { matched: false };
    }
    const user = await this.directory.verifyPassword(credential.username, credential.secret, origin);
    return user === null ? { matched: false } : { matched: true, user };
  }

  #authenticate(exchange: Exchange, admitted: Admitted, facts: AuthenticationFacts): boolean | Promise<boolean> {
    const result = authenticate(admitted, facts);
    if (result.kind === 'deny') {
      return needsFormToRefuse(result, admitted)
        ? this.#refuseForm(exchange, admitted, result)
        : this.throttle.refuse(exchange, result);
    }
    if (result.kind === 'authenticated') exchange.authenticated = result;
    else exchange.decision = result;
    return true;
  }

  /** Nothing is presented in the head: a token in the form is told where it belongs (R109). It is refused either way. */
  async #refuseForm(exchange: Exchange, admitted: Admitted, deny: Deny): Promise<boolean> {
    const { bytes } = await readBeginning(exchange, MAX_FORM_BYTES);
    const again = admitForm(admitted, bytes);
    return this.throttle.refuse(exchange, again.kind === 'deny' ? again : deny);
  }
}
