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

  /**
   * Whose rights the token carries.
   * @example alice
   */
  owner!: string;

  /**
   * Who made it.
   * @example alice
   */
  createdBy!: string;

  /** @example nightly report */
  description!: string;

  scope!: 'read-only' | 'read-write';

  /** `suspended`: nothing is wrong with the token, but its owner may not use tokens at present. */
  status!: 'active' | 'expired' | 'revoked' | 'suspended';

  /**
   * ISO 8601, UTC.
   * @example 2026-11-23T09:30:00.000Z
   */
  createdAt!: string;

  /**
   * ISO 8601, UTC; from this instant on the token is refused. Null: it never expires.
   * @example 2027-11-23T09:30:00.000Z
   */
  expiresAt!: string | null;

  /** @example null */
  revokedAt!: string | null;

  /** @example null */
  revokedBy!: string | null;

  /**
   * A few seconds late at most.
   * @example 2026-11-24T02:00:01.250Z
   */
  lastUsedAt!: string | null;

  /** @example 192.0.2.7 */
  lastUsedIp!: string | null;

  /**
   * A few seconds late at most.
   * @example 42
   */
  useCount!: number;

  /** The addresses this one token is narrowed to, besides the allow list of the settings; null: not narrowed. */
  allowList!: string[] | null;

  /** The applications this one token is narrowed to; null: good for all. */
  applications!: string[] | null;

  /**
   * Whether the token could not be made like this under today's settings and permissions. It stays good.
   * @example false
   */
  exceedsPolicy!: boolean;

  /**
   * The token that replaced this one, after a rotation.
   * @example null
   */
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

/** How many tokens were revoked by one call, and where `wait` was asked for, which nodes act on it (R78). */
export class RevokedTokensDto {
  /**
   * Those that had been revoked before do not count.
   * @example 3
   */
  revoked!: number;

  /**
   * With `wait`: the nodes that have confirmed that they refuse these tokens, by the names that `GET /version` shows.
   * @example ["gate-1-3f9a0c2b71"]
   */
  confirmedBy?: string[];

  /**
   * With `wait`: the live nodes that have not confirmed it within five seconds. Each of them acts on it as soon as it
   * reads the changes, or refuses every request once its rules are older than SCOPEGATE_MAX_STALENESS_MS.
   * @example []
   */
  missing?: string[];

  /**
   * With `wait`: milliseconds from the call to the last confirmation, or to the end of the wait.
   * @example 212
   */
  tookMs?: number;
}
