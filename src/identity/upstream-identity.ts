import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  depositDetail,
  type Allow,
  type ApplicationRules,
  type DepositState,
  type Eventually,
} from '@scopegate/access';
import { identityLines } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { ProblemException } from '../common/http/problem.exception.js';

/** A user's own credential for one application, opened. */
export interface OpenedDeposit {
  readonly state: DepositState;
  /** As they go upstream: names and values in turns. Empty unless it works. */
  readonly lines: readonly string[];
}

/** Where the deposits are. In memory, an answer comes at once. */
export abstract class Deposits {
  /** Of another endpoint than the application's: `unchecked`. Null: there is none. */
  abstract find(application: ProtectedApplication, userId: string): Eventually<OpenedDeposit | null>;

  /** The upstream has refused it; the next `find` says so. A newer deposit of the user stays as it is. */
  abstract noteRejected(application: ProtectedApplication, userId: string, refused: OpenedDeposit): void;
}

/** What an assertion is bound to. */
export interface IdentifiedRequest {
  readonly method: string;
  /** As it goes upstream, with the query. */
  readonly path: string;
}

const NO_LINES: readonly string[] = [];

/** How the upstream gets the user of a request. Every door asks here. */
@Injectable()
export class UpstreamIdentity {
  constructor(
    private readonly applications: ApplicationsService,
    // Without a vault no application can need a deposit, and no deposit is found.
    @Optional() @Inject(Deposits) private readonly deposits: Deposits | null = null,
  ) {}

  /** For the decision (R70). Null: the user has none. */
  depositState({ key }: ApplicationRules, userId: string): Eventually<DepositState | null> {
    const application = this.applications.byKey(key);
    const found = application === null || this.deposits === null ? null : this.deposits.find(application, userId);
    return found instanceof Promise ? found.then(stateOf) : stateOf(found);
  }

  /**
   * @returns names and values in turns
   * @throws ProblemException (or rejects) `upstream_credential_missing` or `upstream_credential_rejected`, if that has
   *   changed since the decision
   */
  linesFor(
    application: ProtectedApplication,
    { authenticated }: Allow,
    _request: IdentifiedRequest,
  ): Eventually<readonly string[]> {
    const { principal: user, token } = authenticated;
    if (!application.rules.needsDeposit) return identityLines(application.identity, { user, token });
    if (token === null) return NO_LINES;
    const found = this.deposits?.find(application, user.id) ?? null;
    return found instanceof Promise
      ? found.then((deposit) => linesOf(deposit, application.key))
      : linesOf(found, application.key);
  }

  /** R70: the deposit is not sent again. */
  async noteRejected(application: ProtectedApplication, userId: string): Promise<void> {
    const deposit = await this.deposits?.find(application, userId);
    if (deposit?.state === 'working') this.deposits?.noteRejected(application, userId, deposit);
  }
}

function stateOf(deposit: OpenedDeposit | null): DepositState | null {
  return deposit === null ? null : deposit.state;
}

function linesOf(deposit: OpenedDeposit | null, application: string): readonly string[] {
  if (deposit?.state === 'working') return deposit.lines;
  const state = stateOf(deposit) as Exclude<DepositState, 'working'> | null;
  throw new ProblemException(
    state === 'rejected' ? 'upstream_credential_rejected' : 'upstream_credential_missing',
    depositDetail(state, application),
  );
}
