import type { CreationOutcome, PrincipalFacts, TokenFacts } from '@scopegate/access';
import { compileAddressSet } from '@scopegate/network';
import { isScope } from '@scopegate/scope';
import { readTokenDigest, userNameKey, type TokenDigest, type TokenId } from '@scopegate/token';
import { invalidFields, ProblemException } from '../common/http/problem.exception.js';
import type { CreatedTokenDto, CreateTokenDto, TokenDto } from './dto/token.dto.js';
import type { VersionedDigest } from './pepper.js';
import type { MintedColumns, NewToken, TokenEntity } from './token.entity.js';
import type { TokenState } from './token-state.reader.js';

type StoredProperties = Omit<TokenDto, 'status' | 'exceedsPolicy'>;

function propertiesOf(row: TokenEntity): StoredProperties {
  return {
    id: row.id,
    hint: row.hint,
    owner: row.ownerName,
    createdBy: row.createdBy,
    description: row.description,
    scope: row.scope,
    createdAt: new Date(row.createdAtMs).toISOString(),
    expiresAt: iso(row.expiresAtMs),
    revokedAt: iso(row.revokedAtMs),
    revokedBy: row.revokedBy,
    lastUsedAt: iso(row.lastUsedAtMs),
    lastUsedIp: row.lastUsedIp,
    useCount: row.useCount,
    allowList: row.allowList === null ? null : [...row.allowList],
    applications: row.applications === null ? null : [...row.applications],
    successorId: row.successorId,
  };
}

const NOT_AUDITED: ReadonlySet<string> = new Set([
  'hint',
  'lastUsedAt',
  'lastUsedIp',
  'useCount',
  'successorId',
] satisfies (keyof StoredProperties)[]);

export function toTokenDto(row: TokenEntity, state: TokenState): TokenDto {
  return { ...propertiesOf(row), ...state };
}

export function toCreatedTokenDto(row: TokenEntity, state: TokenState, secret: string): CreatedTokenDto {
  return { ...toTokenDto(row, state), secret };
}

export function auditedProperties(row: TokenEntity): Record<string, unknown> {
  return Object.fromEntries(Object.entries(propertiesOf(row)).filter(([name]) => !NOT_AUDITED.has(name)));
}

export function auditFields(row: Pick<TokenEntity, 'ownerName' | 'id' | 'description' | 'scope'>): {
  readonly owner: string;
  readonly tokenId: string;
  readonly tokenDescription: string;
  readonly tokenScope: string;
} {
  return { owner: row.ownerName, tokenId: row.id, tokenDescription: row.description, tokenScope: row.scope };
}

export interface CachedToken {
  readonly facts: TokenFacts;
  readonly digest: VersionedDigest<TokenDigest>;
}

/** @throws Error if the scope is unknown: only a newer version can have stored it */
export function toCachedToken(row: TokenEntity): CachedToken {
  if (!isScope(row.scope)) throw new Error(`The token ${row.id} has the unknown scope "${String(row.scope)}".`);
  return {
    facts: {
      id: row.id as TokenId,
      ownerId: row.ownerId,
      ownerName: row.ownerName,
      description: row.description,
      scope: row.scope,
      createdAt: row.createdAtMs,
      expiresAt: row.expiresAtMs,
      revokedAt: row.revokedAtMs,
      allowList: row.allowList === null ? null : compileAddressSet(row.allowList),
      applications: row.applications === null ? null : new Set(row.applications),
    },
    digest: { digest: readTokenDigest(row.digest), pepperVersion: row.pepperVersion },
  };
}

const UNUSED = {
  revokedAtMs: null,
  revokedBy: null,
  lastUsedAtMs: null,
  lastUsedIp: null,
  useCount: 0,
  successorId: null,
} satisfies Partial<NewToken>;

/** @param limits as the rules have changed them */
export function toNewToken(
  minted: MintedColumns,
  asked: Pick<CreateTokenDto, 'description' | 'scope'>,
  limits: CreationOutcome & { readonly ok: true },
  {
    owner,
    creator,
    nowMs,
  }: { readonly owner: PrincipalFacts; readonly creator: PrincipalFacts; readonly nowMs: number },
): NewToken {
  return {
    ...UNUSED,
    ...minted,
    ownerId: owner.id,
    ownerName: owner.username,
    ownerKey: userNameKey(owner.username),
    creatorId: creator.id,
    createdBy: creator.username,
    description: asked.description,
    scope: asked.scope,
    createdAtMs: nowMs,
    expiresAtMs: limits.expiresAt,
    allowList: limits.allowList,
    applications: limits.applications,
  };
}

export function toSuccessor(
  { sequence: _sequence, ...properties }: TokenEntity,
  minted: MintedColumns,
  {
    creator,
    expiresAtMs,
    nowMs,
  }: {
    readonly creator: PrincipalFacts;
    readonly expiresAtMs: number | null;
    readonly nowMs: number;
  },
): NewToken {
  return {
    ...properties,
    ...UNUSED,
    ...minted,
    creatorId: creator.id,
    createdBy: creator.username,
    createdAtMs: nowMs,
    expiresAtMs,
  };
}

export function toRefusal(refused: CreationOutcome & { readonly ok: false }): ProblemException {
  return refused.code === 'validation_failed'
    ? invalidFields([{ field: refused.field, message: refused.message }])
    : new ProblemException(refused.code, refused.message);
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
