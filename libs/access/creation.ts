import { compileAddressSet, parseAllowListEntry } from '@scopegate/network';
import { decideCreation, type CreationRefusal, type HeldPermissions, type Permissions } from '@scopegate/permission';
import { coversWrites, type Scope } from '@scopegate/scope';
import { decideExpiry, type ExpiryAsked, type Maximum } from '@scopegate/token';

/** The token that creates the new one (R10). */
export interface ParentToken {
  readonly ownerId: string;
  readonly scope: Scope;
  /** Epoch milliseconds; null: never. */
  readonly expiresAt: number | null;
  readonly allowList: readonly string[] | null;
  readonly applications: readonly string[] | null;
}

export interface TokenAsked {
  readonly scope: Scope;
  readonly ownerId: string;
  readonly expiry: ExpiryAsked;
  /** Canonical entries; null or empty: no limit. */
  readonly allowList: readonly string[] | null;
  /** Keys of applications; null: no limit. */
  readonly applications: readonly string[] | null;
}

export interface CreationFacts {
  readonly asked: TokenAsked;
  readonly creatorId: string;
  readonly held: HeldPermissions;
  readonly permissions: Permissions;
  readonly maximum: Maximum;
  /** Null if the creator logged in with a password. */
  readonly parent: ParentToken | null;
  readonly nowMs: number;
}

export type CreationOutcome =
  | {
      readonly ok: true;
      readonly expiresAt: number | null;
      readonly allowList: readonly string[] | null;
      readonly applications: readonly string[] | null;
    }
  | { readonly ok: false; readonly code: CreationRefusal | 'exceeds_parent_token'; readonly message: string }
  | { readonly ok: false; readonly code: 'validation_failed'; readonly field: string; readonly message: string };

export function decideTokenCreation(facts: CreationFacts): CreationOutcome {
  const { asked, parent } = facts;
  const permitted = decideCreation(facts.held, facts.permissions, {
    forSelf: asked.ownerId === facts.creatorId,
    scope: asked.scope,
  });
  if (!permitted.ok) return permitted;
  const expiry = decideExpiry(asked.expiry, facts.maximum, facts.nowMs);
  if (!expiry.ok) {
    const field = asked.expiry.expiresAt === undefined ? 'validity' : 'expiresAt';
    return { ok: false, code: 'validation_failed', field, message: expiry.message };
  }
  const allowList = asked.allowList === null || asked.allowList.length === 0 ? null : asked.allowList;
  const own = { expiresAt: expiry.expiresAtMs, allowList, applications: asked.applications };
  return parent === null ? { ok: true, ...own } : withinParent(asked, own, parent);
}

interface Limits {
  readonly expiresAt: number | null;
  readonly allowList: readonly string[] | null;
  readonly applications: readonly string[] | null;
}

/** R10: a token made with a token never exceeds it. */
function withinParent(asked: TokenAsked, own: Limits, parent: ParentToken): CreationOutcome {
  if (asked.ownerId !== parent.ownerId) return exceeds('A token can only create tokens for its own owner.');
  if (!coversWrites(parent.scope) && asked.scope !== parent.scope) {
    return exceeds('A read-only token can only create read-only tokens.');
  }
  const { validity, expiresAt, months } = asked.expiry;
  const isAsked = validity !== undefined || expiresAt !== undefined || months !== undefined;
  let end = own.expiresAt;
  if (parent.expiresAt !== null && (end === null || end > parent.expiresAt)) {
    if (isAsked) {
      return exceeds(
        `It must not expire after the token that creates it (${new Date(parent.expiresAt).toISOString()}).`,
      );
    }
    end = parent.expiresAt;
  }
  if (parent.applications !== null && own.applications?.some((key) => !parent.applications?.includes(key)) === true) {
    return exceeds('It must not be valid for more applications than the token that creates it.');
  }
  if (parent.allowList !== null && own.allowList !== null && !isWithin(own.allowList, parent.allowList)) {
    return exceeds('It must not be valid from more addresses than the token that creates it.');
  }
  return {
    ok: true,
    expiresAt: end,
    allowList: own.allowList ?? parent.allowList,
    applications: own.applications ?? parent.applications,
  };
}

/**
 * The parent's entry that holds the first address of another reaches further than every other one that does, so only
 * this one counts.
 */
function isWithin(entries: readonly string[], parent: readonly string[]): boolean {
  const around = compileAddressSet(parent);
  return entries.every((text) => {
    const parsed = parseAllowListEntry(text);
    const holder = parsed.ok ? around.match(parsed.entry.first) : null;
    return parsed.ok && holder !== null && compileAddressSet([holder]).has(parsed.entry.last);
  });
}

function exceeds(message: string): CreationOutcome {
  return { ok: false, code: 'exceeds_parent_token', message };
}
