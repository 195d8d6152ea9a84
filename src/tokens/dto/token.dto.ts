/** A token. Its secret is shown once, when it is made, and never again. */
export class TokenDto {
  /**
   * 12 characters; part of the secret, and public.
   * @example 7Hq2LmP0aZx9
   */
  id!: string;

  /**
   * How its owner can tell it from others.
   * @example sg_7Hq2LmP0aZx9_…
   */
  hint!: string;

  /** Whose rights the token carries. */
  owner!: string;

  /** Who made it. */
  createdBy!: string;

  /** @example nightly report */
  description!: string;

  scope!: 'read-only' | 'read-write';

  /** `suspended`: nothing is wrong with the token, but its owner may not use tokens at present. */
  status!: 'active' | 'expired' | 'revoked' | 'suspended';

  /** ISO 8601, UTC. */
  createdAt!: string;

  /** ISO 8601, UTC; from this instant on the token is refused. Null: it never expires. */
  expiresAt!: string | null;

  revokedAt!: string | null;

  revokedBy!: string | null;

  /** A few seconds late at most. */
  lastUsedAt!: string | null;

  lastUsedIp!: string | null;

  /** A few seconds late at most. */
  useCount!: number;

  /** The addresses this one token is narrowed to, besides the allow list of the settings; null: not narrowed. */
  allowList!: string[] | null;

  /** The applications this one token is narrowed to; null: good for all. */
  applications!: string[] | null;

  /** Whether the token could not be made like this under today's settings and permissions. It stays good. */
  exceedsPolicy!: boolean;

  /** The token that replaced this one, after a rotation. */
  successorId!: string | null;
}

/** A token that has just been made, with its secret. */
export class CreatedTokenDto extends TokenDto {
  /**
   * The token itself, for the script: the password of HTTP Basic, or a Bearer token. Shown this once.
   * @example sg_7Hq2LmP0aZx9_…
   */
  secret!: string;
}

/** One page of tokens. */
export class TokenPageDto {
  items!: TokenDto[];

  /** Send it as `cursor` for the next page; null on the last one. */
  nextCursor!: string | null;
}

/** How many tokens were revoked by one call. */
export class RevokedTokensDto {
  /** @example 3 */
  revoked!: number;
}
