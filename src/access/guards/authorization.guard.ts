import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import {
  authorize,
  needsBodyOverrides,
  needsLfsOperation,
  type Authenticated,
  type AuthorizationFacts,
} from '@scopegate/access';
import { lfsOperation, MAX_OVERRIDE_BODY_BYTES, overridingMethodsOfBody } from '@scopegate/scope';
import { exchangeOf, type Exchange } from '../../common/access/exchange.js';
import { readBody } from '../../common/http/body.reader.js';
import { DirectoryService } from '../../directory/directory.service.js';
import { createsToken, isForAdministrators, needsPasswordLogin } from '../route-metadata.js';

/** An LFS batch names at most some hundred objects. */
const MAX_LFS_BATCH_BYTES = 1_048_576;

const NO_FACTS: AuthorizationFacts = {};

/** The third guard: may the owner use tokens, and does the token's scope cover the request. */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  constructor(private readonly directory: DirectoryService) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    const { authenticated } = exchange;
    if (authenticated === null) return true;
    if (needsLfsOperation(authenticated)) return this.#authorizeBatch(exchange, authenticated);
    const facts = exchange.application === null ? this.#factsOfRoute(context, authenticated) : NO_FACTS;
    return needsBodyOverrides(authenticated, facts)
      ? this.#authorizeBody(exchange, authenticated, facts)
      : this.#authorize(exchange, authenticated, facts);
  }

  /** What the head alone refuses costs no body. */
  async #authorizeBody(exchange: Exchange, authenticated: Authenticated, facts: AuthorizationFacts): Promise<boolean> {
    if (authorize(authenticated, facts).kind === 'deny') return this.#authorize(exchange, authenticated, facts);
    const body = await readBody(exchange, MAX_OVERRIDE_BODY_BYTES);
    const bodyOverrides = overridingMethodsOfBody(exchange.facts.head.lines, body);
    return this.#authorize(exchange, authenticated, { ...facts, bodyOverrides });
  }

  async #authorizeBatch(exchange: Exchange, authenticated: Authenticated): Promise<boolean> {
    const body = await readBody(exchange, MAX_LFS_BATCH_BYTES);
    return this.#authorize(exchange, authenticated, {
      lfsOperation: lfsOperation(body),
      bodyOverrides: overridingMethodsOfBody(exchange.facts.head.lines, body),
    });
  }

  #authorize(exchange: Exchange, authenticated: Authenticated, facts: AuthorizationFacts): boolean {
    const result = authorize(authenticated, facts);
    exchange.decision = result;
    if (result.kind === 'deny') exchange.denial = result;
    return result.kind === 'allow';
  }

  /** What a management route says of itself. */
  #factsOfRoute(context: ExecutionContext, { admitted, principal }: Authenticated): AuthorizationFacts {
    // The next guard refuses everybody but administrators, with its own reason (R63).
    const isRefusedNext = isForAdministrators(context) && !this.directory.isAdministrator(principal);
    return {
      createsToken: createsToken(context),
      needsPasswordLogin: !isRefusedNext && needsPasswordLogin(context, admitted.request.method),
    };
  }
}
