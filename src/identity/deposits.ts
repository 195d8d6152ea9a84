import type { DepositState, Eventually } from '@scopegate/access';
import type { ProtectedApplication } from '../applications/application.js';

/** A user's own credential for one application, opened. */
export interface OpenedDeposit {
  readonly state: DepositState;
  /** As they go upstream: header names and values in turns. Empty unless it works. */
  readonly lines: readonly string[];
  /** Changes with every deposit and every check of it. */
  readonly version: string;
}

/** Where the deposits are. The change topic `deposit` ends what is remembered, on every node. */
export abstract class Deposits {
  /** At once if it is remembered. Of another endpoint than the application's: `unchecked`. Null: there is none. */
  abstract find(application: ProtectedApplication, userId: string): Eventually<OpenedDeposit | null>;

  /** It goes upstream. Called for each request. */
  abstract noteUse(application: ProtectedApplication, userId: string, used: OpenedDeposit): void;

  /**
   * The upstream has refused it. `find` says so from now on, on this node at once. A newer deposit or check of the same
   * user stays as it is. Never throws.
   */
  abstract noteRejected(application: ProtectedApplication, userId: string, refused: OpenedDeposit): void;
}
