import { Injectable } from '@nestjs/common';
import {
  depositDetail,
  REASONS,
  type Allow,
  type ApplicationRules,
  type DepositState,
  type Eventually,
  type PrincipalFacts,
} from '@scopegate/access';
import type { HeaderLines } from '@scopegate/kernel';
import { productOf } from '@scopegate/product';
import type { Scope } from '@scopegate/scope';
import { identityLines, refusesCredential } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { AssertionService } from './assertion.service.js';
import type { OpenedDeposit } from './deposit.js';
import { DepositCache } from './deposit.cache.js';

/** What an assertion is bound to. */
export interface IdentifiedRequest {
  readonly method: string;
  /** As it goes upstream, with the query. */
  readonly path: string;
}

export interface RequestIdentity {
  /** Header names and values in turns. */
  readonly lines: readonly string[];
  /** What the upstream may refuse (R70); null: the gateway sends no credential of the upstream's own. */
  readonly credential: OpenedDeposit | 'service' | null;
}

/** For a check: as a token request of the user, without a token. */
export interface CheckedUser {
  readonly authenticated: {
    readonly principal: PrincipalFacts;
    readonly token: { readonly id: string; readonly scope: Scope };
  };
}

/** Of the upstream. */
export interface AnswerHead {
  readonly status: number;
  readonly lines: HeaderLines;
}

export const NO_IDENTITY: RequestIdentity = { lines: [], credential: null };

/** How the upstream gets the user of a request. Every door asks here. */
@Injectable()
export class UpstreamIdentity {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly assertions: AssertionService,
    private readonly deposits: DepositCache,
  ) {}

  /** For the decision (R70). Null: the user has none. */
  depositState({ key }: ApplicationRules, userId: string): Eventually<DepositState | null> {
    const application = this.applications.byKey(key);
    const found = application === null ? null : this.deposits.find(application, userId);
    return found instanceof Promise ? found.then(stateOf) : stateOf(found);
  }

  /**
   * For a request that is about to go upstream.
   * @throws ProblemException (or rejects) `upstream_credential_missing` or `upstream_credential_rejected`, if that has
   *   changed since the decision
   */
  identityOf(
    application: ProtectedApplication,
    { authenticated }: Allow | CheckedUser,
    request: IdentifiedRequest,
  ): Eventually<RequestIdentity> {
    const { principal: user, token } = authenticated;
    const { identity } = application;
    const { source } = identity;
    switch (source.kind) {
      case 'templates':
        return { lines: identityLines(identity, { user, token }), credential: null };
      case 'deposit': {
        const found = this.deposits.find(application, user.id);
        return found instanceof Promise
          ? found.then((deposit) => this.#useOf(application, user.id, deposit))
          : this.#useOf(application, user.id, found);
      }
      case 'assertion':
        // Only the management API has requests without a token.
        if (token === null) return NO_IDENTITY;
        return this.assertions
          .lineFor(source.header, {
            audience: source.audience,
            username: user.username,
            token,
            method: request.method,
            target: request.path,
          })
          .then((lines) => ({ lines, credential: null }));
      case 'service':
        if (token === null) return NO_IDENTITY;
        return {
          lines: [...identityLines(identity, { user, token }), ...source.lines[token.scope]],
          credential: 'service',
        };
    }
  }

  /**
   * R70: null if the upstream has not refused the credential. A refused deposit is not sent again; one credential of all
   * users stays, since one answer must not stop them all.
   * @param userId of the user whose request it was
   */
  refusalIn(
    application: ProtectedApplication,
    userId: string,
    credential: RequestIdentity['credential'],
    answer: AnswerHead,
  ): ProblemException | null {
    const { key, rules } = application;
    if (credential === null) return null;
    if (!refusesCredential(answer.status, answer.lines, productOf(rules.kind).refusalSigns)) return null;
    if (credential === 'service') {
      return new ProblemException('upstream_credential_rejected', REASONS.upstream_credential_rejected.detail);
    }
    this.deposits.noteRejected(application, userId, credential);
    return unusable('rejected', key);
  }

  /** False if the user has another deposit now, or none that works: what runs on the old one ends (R116). */
  async isStillSent(
    application: ProtectedApplication,
    userId: string,
    credential: RequestIdentity['credential'],
  ): Promise<boolean> {
    if (credential === null || credential === 'service') return true;
    const now = await this.deposits.find(application, userId);
    return now?.state === 'working' && now.lines.join('\n') === credential.lines.join('\n');
  }

  #useOf(application: ProtectedApplication, userId: string, deposit: OpenedDeposit | null): RequestIdentity {
    if (deposit?.state !== 'working') throw unusable(stateOf(deposit), application.key);
    this.deposits.noteUse(application, userId, deposit);
    return { lines: deposit.lines, credential: deposit };
  }
}

function stateOf(deposit: OpenedDeposit | null): DepositState | null {
  return deposit === null ? null : deposit.state;
}

function unusable(state: DepositState | null, application: string): ProblemException {
  const unusableState = state === 'working' ? null : state;
  return new ProblemException(
    state === 'rejected' ? 'upstream_credential_rejected' : 'upstream_credential_missing',
    depositDetail(unusableState, application),
  );
}
