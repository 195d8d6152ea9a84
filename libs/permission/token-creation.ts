import { type HeldPermissions, type Permissions } from './permission.js';

/** The scopes, and whether users may create them while they may only create read-only tokens (R15). */
const IS_READ_ONLY = { 'read-only': true, 'read-write': false } as const;

export type CreatableScope = keyof typeof IS_READ_ONLY;

/** Why a user may not create this token; each is also the reason code the client sees (403). */
export type CreationRefusal = 'create_not_permitted' | 'create_on_behalf_not_permitted' | 'scope_not_permitted';

export type CreationDecision =
  { readonly ok: true } | { readonly ok: false; readonly code: CreationRefusal; readonly message: string };

const NO_SCOPES: readonly CreatableScope[] = [];
const ALL_SCOPES = Object.keys(IS_READ_ONLY) as readonly CreatableScope[];
const READ_ONLY = ALL_SCOPES.filter((scope) => IS_READ_ONLY[scope]);

/**
 * The scopes this user may give to a token (R15): all, or read-only alone while the switch is on and the user may not
 * create for others, or none without a permission to create.
 */
export function creatableScopes(held: HeldPermissions, permissions: Permissions): readonly CreatableScope[] {
  if (!held.createForSelf) {
    return NO_SCOPES;
  }
  return permissions.createForSelf.readOnlyOnly && !held.createOnBehalf ? READ_ONLY : ALL_SCOPES;
}

/**
 * Whether a user may create this token (R15, R16). Only the creator is asked: the owner's own permissions play no part
 * here (R20), they decide when the token is used.
 * @param asked `forSelf` says whether the owner is the creator itself, names compared without case
 */
export function decideCreation(
  held: HeldPermissions,
  permissions: Permissions,
  asked: { readonly forSelf: boolean; readonly scope: CreatableScope },
): CreationDecision {
  if (!asked.forSelf && !held.createOnBehalf) {
    return refuse('create_on_behalf_not_permitted', 'You may not create tokens for other users.');
  }
  if (!held.createForSelf) {
    return refuse('create_not_permitted', 'You may not create tokens. An administrator can grant the permission.');
  }
  if (!creatableScopes(held, permissions).includes(asked.scope)) {
    return refuse('scope_not_permitted', 'You may only create read-only tokens: choose the scope read-only.');
  }
  return { ok: true };
}

/** What a user is told about creating tokens before trying to (R24). */
export interface CreationNotice {
  readonly available: boolean;
  /** A text for the user where something is missing, else null. */
  readonly message: string | null;
  readonly scopes: readonly CreatableScope[];
}

/** Whether and with which scopes a user may create tokens, with an information text where it may not (R24). */
export function creationNotice(held: HeldPermissions, permissions: Permissions): CreationNotice {
  const scopes = creatableScopes(held, permissions);
  return { available: scopes.length > 0, message: creationMessage(held, scopes), scopes };
}

function creationMessage(held: HeldPermissions, scopes: readonly CreatableScope[]): string | null {
  if (scopes.length === 0) {
    return held.useTokens
      ? 'You may use tokens but not create them. Ask an administrator for a token or for the permission.'
      : 'You may not create or use tokens. Ask an administrator for the permissions.';
  }
  if (!held.useTokens) {
    return (
      'You may create tokens but not use them: your own tokens are refused until an administrator grants the ' +
      'permission.'
    );
  }
  return scopes === READ_ONLY ? 'You may only create read-only tokens.' : null;
}

/**
 * Whether an existing token is one that the read-only switch would forbid now, so that the list shows it as
 * `exceedsPolicy` (R18): read-write, while neither its owner nor its creator may create for others. It stays good.
 */
export function exceedsScopePolicy(
  token: { readonly scope: CreatableScope },
  permissions: Permissions,
  mayCreateOnBehalf: { readonly owner: boolean; readonly creator: boolean },
): boolean {
  return (
    permissions.createForSelf.readOnlyOnly &&
    !IS_READ_ONLY[token.scope] &&
    !mayCreateOnBehalf.owner &&
    !mayCreateOnBehalf.creator
  );
}

function refuse(code: CreationRefusal, message: string): CreationDecision {
  return { ok: false, code, message };
}
