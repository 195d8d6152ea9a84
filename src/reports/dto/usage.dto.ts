/** One sum. It has the keys that `by` names. */
export class UsageRowDto {
  /**
   * In UTC.
   * @example 2026-11-29
   */
  day?: string;

  /** `basic-token`, `bearer-token`, `password`, `native-token`, `cookie` or `none`. */
  credential?: string | null;

  /** The key of the application; null for the management API. */
  application?: string | null;

  /**
   * In lower case: the owner of the token, or the name that the request had; for a change, who made it. A renamed user
   * has a row for each name. Null if there is none.
   * @example anna
   */
  user?: string | null;

  /** Administrators get the true reason, others the code that the client got; null if the request was allowed. */
  code?: string | null;

  /** The id of the token; null if there is none. */
  token?: string | null;

  /**
   * The number of events. An event of many identical failures counts as many.
   * @example 1204
   */
  events!: number;
}

/** Sums of events. */
export class UsageDto {
  /** ISO 8601, UTC. */
  from!: string;

  /** ISO 8601, UTC. */
  to!: string;

  /** By day where `by` has it, then the largest first. At most 10,000. */
  rows!: UsageRowDto[];

  /** Whether every event of the range is in a row. Otherwise `note` says what is missing. */
  complete!: boolean;

  /** What is missing, and what helps; null if nothing is. */
  note!: string | null;
}
