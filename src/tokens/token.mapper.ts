import type { CreatedTokenDto, TokenDto } from './dto/token.dto.js';
import type { TokenEntity } from './token.entity.js';

/** What today's rules say of a token. */
export interface TokenJudgement {
  readonly status: TokenDto['status'];
  readonly exceedsPolicy: boolean;
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** A token as the API shows it. */
export function toTokenDto(row: TokenEntity, judgement: TokenJudgement): TokenDto {
  return {
    id: row.id,
    hint: row.hint,
    owner: row.ownerName,
    createdBy: row.createdBy,
    description: row.description,
    scope: row.scope as TokenDto['scope'],
    status: judgement.status,
    createdAt: new Date(row.createdAtMs).toISOString(),
    expiresAt: iso(row.expiresAtMs),
    revokedAt: iso(row.revokedAtMs),
    revokedBy: row.revokedBy,
    lastUsedAt: iso(row.lastUsedAtMs),
    lastUsedIp: row.lastUsedIp,
    useCount: row.useCount,
    allowList: row.allowList === null ? null : [...row.allowList],
    applications: row.applications === null ? null : [...row.applications],
    exceedsPolicy: judgement.exceedsPolicy,
    successorId: row.successorId,
  };
}

/** A token that has just been made, with its secret: the one time it is shown. */
export function toCreatedTokenDto(row: TokenEntity, judgement: TokenJudgement, secret: string): CreatedTokenDto {
  return { ...toTokenDto(row, judgement), secret };
}
