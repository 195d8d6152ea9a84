/** R112, in bytes. `ApiRoute` enforces and documents them; what the DTO allows fits, in ASCII. */
export const BODY_LIMITS = {
  /** The default. */
  small: 65_536,
  /** A wrong date of 100 kB still gets its own error (R29). */
  token: 131_072,
  /** Enough for a user in a thousand groups. */
  user: 262_144,
  /** Three permissions with a thousand groups each, or an application with all its exceptions and secrets. */
  document: 1_048_576,
  /** With an allow list of twenty thousand entries. */
  settings: 2_097_152,
} as const;
