import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import {
  admit,
  judgeRequestPath,
  MAX_SESSION_BODY_BYTES,
  needsSessionBody,
  readSessionBody,
  type SessionBody,
} from '@scopegate/access';
import type { PathJudgement } from '@scopegate/path';
import { AuditShipper } from '../../audit/audit.shipper.js';
import { exchangeOf, type Exchange } from '../../common/access/exchange.js';
import { readBody } from '../../common/http/body.reader.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import { NodeRegistry } from '../../database/node.registry.js';
import { AccessPolicySnapshot } from '../access-policy.js';
import { FailureThrottle } from '../failure.throttle.js';
import { isPublicRoute } from '../route-metadata.js';

/**
 * The first guard: form of the request, path, form of the credential, client address. It reads nothing from anywhere,
 * but the body of a login, so that a refused address costs no database read.
 */
@Injectable()
export class AdmissionGuard implements CanActivate {
  constructor(
    private readonly policy: AccessPolicySnapshot,
    private readonly throttle: FailureThrottle,
    private readonly nodes: NodeRegistry,
    private readonly shipper: AuditShipper,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    if (exchange.application === null && isPublicRoute(context)) return true;
    this.shipper.refuseWithoutRoom();
    if (this.nodes.isStale) {
      throw new ProblemException(
        'policy_unavailable',
        'The database cannot be reached, and another node may have changed the rules. Try again later.',
      );
    }
    const path = judgeRequestPath(exchange.facts.rawPath, exchange.application);
    return needsSessionBody(exchange.facts.method, path)
      ? this.#admitLogin(exchange, path)
      : this.#admit(exchange, path, undefined);
  }

  async #admitLogin(exchange: Exchange, path: PathJudgement | null): Promise<boolean> {
    const body = await readBody(exchange, MAX_SESSION_BODY_BYTES);
    return this.#admit(exchange, path, readSessionBody(body));
  }

  #admit(
    exchange: Exchange,
    path: PathJudgement | null,
    sessionBody: SessionBody | undefined,
  ): boolean | Promise<boolean> {
    const { facts, application } = exchange;
    const request = sessionBody === undefined ? facts : { ...facts, sessionBody };
    const result = admit(request, application, path, this.policy.current());
    if (result.kind === 'deny') return this.throttle.refuse(exchange, result);
    exchange.admitted = result;
    return true;
  }
}
