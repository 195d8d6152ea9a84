export class PepperUsesDto {
  /**
   * Numbers the keys of a database by age. The key itself is never shown.
   * @example 1
   */
  readonly id!: number;

  /**
   * Tokens that need this key, for themselves or for a session. Tokens that have ended are not counted.
   * @example 12
   */
  readonly tokens!: number;
}

export class EncryptionUsesDto {
  /**
   * Numbers the keys of a database by age. The key itself is never shown.
   * @example 1
   */
  readonly id!: number;

  /**
   * Stored secrets that are encrypted with this key.
   * @example 3
   */
  readonly secrets!: number;
}

export class KeysDto {
  /** Newest first. */
  readonly pepper!: PepperUsesDto[];

  /** Newest first. */
  readonly encryption!: EncryptionUsesDto[];
}
