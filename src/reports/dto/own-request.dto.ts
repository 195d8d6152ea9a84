/** A request with a credential of the caller. */
export class OwnRequestDto {
  /** The `X-Request-Id` of the answer: `GET /requests/{requestId}` explains it. */
  requestId!: string | null;

  /** ISO 8601, UTC. */
  at!: string;

  /** How many identical failures it stands for. The id is that of the first one. */
  count!: number;

  /**
   * The type of the audit event. A change, such as `token.revoked`, has no method and no path of its own.
   * @example authentication.succeeded
   */
  type!: string;

  /** @example GET */
  method!: string | null;

  /** The key of the application; null for the management API. */
  application!: string | null;

  /**
   * The canonical path below the mount, without the query.
   * @example /rest/api/2/issue/A-1
   */
  path!: string | null;

  /** The HTTP status that was sent; null if the client went away before. */
  status!: number | null;

  /** `allowed`, `denied`, `failed` or `changed`. */
  outcome!: string;

  /** The `code` that the client got; null if the request was allowed. */
  code!: string | null;

  /** What happened, in a few words. */
  title!: string;

  /** Whether Scopegate allowed the request and the application answered it with 401 or 403. */
  upstreamRefused!: boolean;

  /** `basic-token`, `bearer-token`, `password` or `cookie`. */
  credential!: string | null;

  tokenId!: string | null;

  tokenDescription!: string | null;

  /** The client address that the request is attributed to. */
  clientIp!: string | null;

  userAgent!: string | null;
}

/** One page of requests, newest first. */
export class OwnRequestPageDto {
  items!: OwnRequestDto[];

  /** Send it as `cursor` to get the next page; null on the last page. */
  nextCursor!: string | null;
}

/** A stage of the judgement. */
export class JudgedStageDto {
  /** @example scope */
  stage!: string;

  /** `passed`, `refused`, `not-reached`, or `not-needed` for a request without a token. */
  outcome!: string;
}

/** Why a request was refused, or that it was allowed. */
export class ExplainedRequestDto extends OwnRequestDto {
  /** When the code occurs. Backticks mark names. */
  explanation!: string;

  /** What to do; null if there is nothing to do. Backticks mark names. */
  advice!: string | null;

  /** In the order of judgement. Empty if the request failed without being judged. */
  stages!: JudgedStageDto[];

  /**
   * For administrators alone: the true reason, which can be more exact than `code`.
   * @example owner_mismatch
   */
  trueCode?: string | null;

  /** For administrators alone: the acting user, as the request named it. */
  actor?: string | null;

  /** For administrators alone: the owner of the token. */
  owner?: string | null;

  /** For administrators alone: the audit event. */
  eventId?: string;
}
