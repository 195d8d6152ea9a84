import type { TokenEntity } from './token.entity.js';

/** What the audit keeps of a token with every event about it. */
export function auditFields(row: Pick<TokenEntity, 'ownerName' | 'id' | 'description' | 'scope'>): {
  readonly owner: string;
  readonly tokenId: string;
  readonly tokenDescription: string;
  readonly tokenScope: string;
} {
  return { owner: row.ownerName, tokenId: row.id, tokenDescription: row.description, tokenScope: row.scope };
}

/** What can be said of a token: everything but its digest. */
export function propertiesOf(row: TokenEntity): Record<string, unknown> {
  return {
    id: row.id,
    owner: row.ownerName,
    createdBy: row.createdBy,
    description: row.description,
    scope: row.scope,
    createdAt: new Date(row.createdAtMs).toISOString(),
    expiresAt: row.expiresAtMs === null ? null : new Date(row.expiresAtMs).toISOString(),
    revokedAt: row.revokedAtMs === null ? null : new Date(row.revokedAtMs).toISOString(),
    revokedBy: row.revokedBy,
    allowList: row.allowList,
    applications: row.applications,
  };
}
