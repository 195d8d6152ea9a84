import { type HeldPermissions, type Permissions } from './permission.js';

/** Whether users may create a scope while only read-only tokens are allowed (R15). */
const IS_READ_ONLY = { 'read-only': true, 'read-write': false } as const;

export type CreatableScope = keyof typeof IS_READ_ONLY;

/** Also the reason codes for the client (403). */
export type CreationRefusal = 'create_not_permitted' | 'create_on_behalf_not_permitted' | 'scope_not_permitted';

export type CreationDecision =
  { readonly ok: true } | { readonly ok: false; readonly code: CreationRefusal; readonly message: string };

const NO_SCOPES: readonly CreatableScope[] = [];
const ALL_SCOPES = Object.keys(IS_READ_ONLY) as readonly CreatableScope[];
const READ_ONLY = ALL_SCOPES.filter((scope) => IS_READ_ONLY[scope]);

/** R15: all scopes, only read-only while the switch is on, or none without a permission. */
export function creatableScopes(held: HeldPermissions, permissions: Permissions): readonly CreatableScope[] {
  if (!held.createForSelf) {
    return NO_SCOPES;
  }
  return permissions.createForSelf.readOnlyOnly && !held.createOnBehalf ? READ_ONLY : ALL_SCOPES;
}

/**
 * R15, R16: only the creator's permissions count. The owner's count when the token is used (R20).
 * @param asked `forSelf`: the owner is the creator, compared without case
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

/** Shown to a user before creating a token (R24). */
export interface CreationNotice {
  readonly available: boolean;
  /** What is missing; otherwise null. */
  readonly message: string | null;
  readonly scopes: readonly CreatableScope[];
}

/** R24. */
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
 * R18: the switch would now forbid this read-write token, because neither owner nor creator may create for others. The
 * list shows `exceedsPolicy`, and the token stays valid.
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
