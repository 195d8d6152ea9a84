/**
 * How many bytes the body of a management route may have (R112). `ApiRoute` enforces and documents the limit of its
 * route; what its DTO allows fits in, in ASCII.
 */
export const BODY_LIMITS = {
  /** A password, a request to explain: whatever names no limit of its own. */
  small: 65_536,
  /** A new token. A wrong date of 100 kB is still told to be no date (R29). */
  token: 131_072,
  /** A user in a thousand groups. */
  user: 262_144,
  /** Three permissions with a thousand groups each; an application with all its exceptions and secrets. */
  document: 1_048_576,
  /** The settings, with an allow list of twenty thousand entries. */
  settings: 2_097_152,
} as const;
