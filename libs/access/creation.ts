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
  | { readonly ok: false; readonly code: CreationRefusal; readonly message: string }
  | LimitRefusal;

/** R123: the end in epoch milliseconds; null: never. */
export type ExpiryOutcome = { readonly ok: true; readonly expiresAt: number | null } | LimitRefusal;

type LimitRefusal =
  | { readonly ok: false; readonly code: 'exceeds_parent_token'; readonly message: string }
  | { readonly ok: false; readonly code: 'validation_failed'; readonly field: string; readonly message: string };

export function decideTokenCreation(facts: CreationFacts): CreationOutcome {
  const { asked, parent } = facts;
  const permitted = decideCreation(facts.held, facts.permissions, {
    forSelf: asked.ownerId === facts.creatorId,
    scope: asked.scope,
  });
  if (!permitted.ok) return permitted;
  const expiry = expiryWithinMaximum(asked.expiry, facts.maximum, facts.nowMs);
  if (!expiry.ok) return expiry;
  const allowList = asked.allowList === null || asked.allowList.length === 0 ? null : asked.allowList;
  const own = { expiresAt: expiry.expiresAt, allowList, applications: asked.applications };
  return parent === null ? { ok: true, ...own } : withinParent(asked, own, parent);
}

export interface RotationFacts {
  readonly asked: ExpiryAsked;
  /** The end of the old token, in epoch milliseconds; null: never. */
  readonly expiresAt: number | null;
  /** The token rotates itself: the successor must not outlive it. */
  readonly isOwnRotation: boolean;
  readonly maximum: Maximum;
  readonly nowMs: number;
}

/** R123: the end of a successor: as at a creation, or the old end if none is asked for. */
export function decideRotatedExpiry(facts: RotationFacts): ExpiryOutcome {
  const { asked, expiresAt, isOwnRotation } = facts;
  if (!isExpiryAsked(asked)) return { ok: true, expiresAt };
  const expiry = expiryWithinMaximum(asked, facts.maximum, facts.nowMs);
  return isOwnRotation && expiry.ok ? expiryWithinParent(asked, expiry.expiresAt, expiresAt) : expiry;
}

function expiryWithinMaximum(asked: ExpiryAsked, maximum: Maximum, nowMs: number): ExpiryOutcome {
  const expiry = decideExpiry(asked, maximum, nowMs);
  if (expiry.ok) return { ok: true, expiresAt: expiry.expiresAtMs };
  const field = asked.expiresAt === undefined ? 'validity' : 'expiresAt';
  return { ok: false, code: 'validation_failed', field, message: expiry.message };
}

/** An end that is not asked for is shortened; one that is asked for is refused if it is too late. */
function expiryWithinParent(asked: ExpiryAsked, expiresAt: number | null, parentEnd: number | null): ExpiryOutcome {
  if (parentEnd === null || (expiresAt !== null && expiresAt <= parentEnd)) return { ok: true, expiresAt };
  if (!isExpiryAsked(asked)) return { ok: true, expiresAt: parentEnd };
  return exceeds(`It must not expire after the token that creates it (${new Date(parentEnd).toISOString()}).`);
}

function isExpiryAsked({ validity, expiresAt, months }: ExpiryAsked): boolean {
  return validity !== undefined || expiresAt !== undefined || months !== undefined;
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
  const end = expiryWithinParent(asked.expiry, own.expiresAt, parent.expiresAt);
  if (!end.ok) return end;
  if (parent.applications !== null && own.applications?.some((key) => !parent.applications?.includes(key)) === true) {
    return exceeds('It must not be valid for more applications than the token that creates it.');
  }
  if (parent.allowList !== null && own.allowList !== null && !isWithin(own.allowList, parent.allowList)) {
    return exceeds('It must not be valid from more addresses than the token that creates it.');
  }
  return {
    ok: true,
    expiresAt: end.expiresAt,
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

function exceeds(message: string): LimitRefusal {
  return { ok: false, code: 'exceeds_parent_token', message };
}
