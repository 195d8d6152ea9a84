import type { DepositState } from '@scopegate/access';
import { isJsonObject } from '@scopegate/kernel';
import { productOf } from '@scopegate/product';
import { sameUserName, userNameKey } from '@scopegate/token';
import type { BearerLine } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import type { SecretBox } from '../keys/secret-box.js';

export const DEPOSIT_TYPES = ['bearer', 'basic'] as const;

export type DepositType = (typeof DEPOSIT_TYPES)[number];

/** As the upstream expects it, in plain text. */
export interface DepositCredential {
  readonly type: DepositType;
  /** At the upstream; of `basic`, else null. */
  readonly username: string | null;
  readonly secret: string;
}

/** A user's own credential for one application, opened. */
export interface OpenedDeposit {
  readonly state: DepositState;
  /** As they go upstream: header names and values in turns. Empty unless it works. */
  readonly lines: readonly string[];
  /** Changes with every deposit and every check of it. */
  readonly version: string;
}

/** Where a deposit belongs. */
export interface DepositPlace {
  readonly application: string;
  readonly userId: string;
  readonly endpoint: string;
}

/** What a stored deposit is used by. */
export interface StoredDeposit extends DepositPlace {
  readonly username: string;
  readonly upstreamAccount: string;
  readonly isRejected: boolean;
}

/** R68: it opens only for this application, user and address of the upstream. */
export function depositContext({ application, userId, endpoint }: DepositPlace): string {
  return `${application}\ndeposit/${userId}\n${endpoint}`;
}

export function sealDeposit(box: SecretBox, place: DepositPlace, credential: DepositCredential): string {
  const { type, username, secret } = credential;
  return box.seal(JSON.stringify({ type, username, secret }), depositContext(place));
}

/** Null if it was sealed for another place, or with a key that is gone. */
export function openDeposit(
  box: SecretBox,
  deposit: DepositPlace & { readonly sealed: string },
): DepositCredential | null {
  const opened = box.open(deposit.sealed, depositContext(deposit));
  const credential: unknown = opened === null ? null : JSON.parse(opened);
  return isJsonObject(credential) ? (credential as unknown as DepositCredential) : null;
}

/** How the users of an application are called. */
export interface DepositRules {
  /** Of a credential of the type `bearer`. */
  readonly bearer: BearerLine;
  /** Accounts of the upstream that differ, by `userNameKey`. */
  readonly accounts: ReadonlyMap<string, string>;
}

/** Null: the application takes no deposits. */
export function depositRulesOf({ identity }: ProtectedApplication): DepositRules | null {
  return identity.source.kind === 'deposit' ? identity.source : null;
}

/** Whether users store credentials for it. Its product must have a call that shows whose one it is. */
export function takesDeposits(application: ProtectedApplication | null): boolean {
  if (application === null || depositRulesOf(application) === null) return false;
  return productOf(application.rules.kind).whoAmI !== null;
}

/** The account that the user has at the upstream: the one that an administrator has given, or the own name. */
export function accountOf({ accounts }: DepositRules, username: string): string {
  return accounts.get(userNameKey(username)) ?? username;
}

/** The user's own name without case, or the name that an administrator has given. */
export function isAccountOf(rules: DepositRules, username: string, account: string): boolean {
  return sameUserName(account, username) || sameUserName(account, accountOf(rules, username));
}

/**
 * R69. `unchecked`: the upstream or the account is another one now, so that it is not used until its owner confirms it.
 * @param application null if there is none any more
 */
export function depositState(deposit: StoredDeposit, application: ProtectedApplication | null): DepositState {
  const rules = application === null ? null : depositRulesOf(application);
  const isConfirmed =
    rules !== null &&
    deposit.endpoint === application?.target.endpoint &&
    isAccountOf(rules, deposit.username, deposit.upstreamAccount);
  if (!isConfirmed) return 'unchecked';
  return deposit.isRejected ? 'rejected' : 'working';
}
