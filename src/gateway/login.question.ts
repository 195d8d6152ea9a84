import { Injectable } from '@nestjs/common';
import type { Allow } from '@scopegate/access';
import { productOf } from '@scopegate/product';
import { LOGIN_INFO, readLoginInfo, type LoginInfo } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import { askUpstream, questionLines } from '../applications/upstream.question.js';
import { UpstreamIdentity } from '../identity/upstream-identity.js';
import { tooManyWaiting } from './forward-problems.js';
import type { UpstreamConnections } from './upstream.connections.js';
import { UpstreamPools } from './upstream.pools.js';

/** Shorter than the application's own limit: the session does not depend on the answer. */
const MAX_TIMEOUT_MS = 5_000;

/** R77: whether the upstream accepts the credential of a user who logs in, and how often the user did before. */
@Injectable()
export class LoginQuestion {
  constructor(
    private readonly identity: UpstreamIdentity,
    private readonly pools: UpstreamPools,
  ) {}

  /**
   * An upstream that does not answer is no reason against a session of the gateway.
   * @throws ProblemException `upstream_credential_rejected` or `upstream_credential_missing`
   */
  async ask(application: ProtectedApplication, decision: Allow): Promise<LoginInfo> {
    const { whoAmI } = productOf(application.rules.kind);
    const { token } = decision.authenticated;
    if (application.identity.source.kind === 'templates' || whoAmI === null || token === null) return LOGIN_INFO;
    const connections = this.pools.of(application);
    const timeoutMs = Math.min(application.options.timeoutMs, MAX_TIMEOUT_MS);
    const release = await turnOf(connections, token.id, timeoutMs);
    try {
      return await this.#ask(application, decision, whoAmI.path, timeoutMs);
    } finally {
      release();
    }
  }

  async #ask(application: ProtectedApplication, decision: Allow, call: string, timeoutMs: number): Promise<LoginInfo> {
    const path = application.target.basePath + call;
    const { lines, credential } = await this.identity.identityOf(application, decision, { method: 'GET', path });
    const headers = [...questionLines(application), ...lines];
    const answer = await askUpstream({ endpoint: application, path, headers, timeoutMs });
    if (answer.kind === 'no-answer') return LOGIN_INFO;
    const refusal = this.identity.refusalIn(application, decision.authenticated.principal.id, credential, answer);
    if (refusal !== null) throw refusal;
    return readLoginInfo(answer.body);
  }
}

/**
 * Waits for one of the token's share of connections (R112).
 * @returns gives it back
 * @throws ProblemException 504 if none becomes free in time
 */
function turnOf(connections: UpstreamConnections, tokenId: string, timeoutMs: number): Promise<() => void> {
  const holder = connections.holder(tokenId);
  const release = (): void => connections.release(holder, false);
  return new Promise((resolve, reject) => {
    if (connections.take(holder)) {
      resolve(release);
      return;
    }
    const waiter = {
      onTurn: (): void => {
        clearTimeout(timer);
        resolve(release);
      },
    };
    const timer = setTimeout(() => {
      connections.leave(holder, waiter);
      reject(tooManyWaiting());
    }, timeoutMs);
    if (connections.wait(holder, waiter)) return;
    clearTimeout(timer);
    reject(tooManyWaiting());
  });
}
