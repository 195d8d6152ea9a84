import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { authorize, needsLfsOperation, type Authenticated, type AuthorizationFacts } from '@scopegate/access';
import { lfsOperation } from '@scopegate/scope';
import { exchangeOf, type Exchange } from '../../common/access/exchange.js';
import { readBody } from '../body.reader.js';
import { createsToken } from '../route-metadata.js';

/** An LFS batch names at most some hundred objects. */
const MAX_LFS_BATCH_BYTES = 1_048_576;

/** The third guard: may the owner use tokens, and does the token's scope cover the request. */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    const { authenticated } = exchange;
    if (authenticated === null) return true;
    if (needsLfsOperation(authenticated)) return this.#authorizeBatch(exchange, authenticated);
    return this.#authorize(exchange, authenticated, {
      createsToken: exchange.application === null && createsToken(context),
    });
  }

  async #authorizeBatch(exchange: Exchange, authenticated: Authenticated): Promise<boolean> {
    const body = await readBody(exchange, MAX_LFS_BATCH_BYTES);
    return this.#authorize(exchange, authenticated, { lfsOperation: lfsOperation(body) });
  }

  #authorize(exchange: Exchange, authenticated: Authenticated, facts: AuthorizationFacts): boolean {
    const result = authorize(authenticated, facts);
    exchange.decision = result;
    if (result.kind === 'deny') exchange.denial = result;
    return result.kind === 'allow';
  }
}
