/** A user. No answer contains a password. */
export class UserDto {
  /** @example anna */
  username!: string;

  /** @example Anna Example */
  displayName!: string;

  /** @example anna@example.com */
  email!: string | null;

  /** An inactive user cannot log in, and its tokens are refused. */
  active!: boolean;

  /**
   * Ordered by name.
   * @example ["developers"]
   */
  groups!: string[];

  /**
   * `local`, or the key of the directory that the user comes from. Such a user is changed there.
   * @example local
   */
  directory!: string;
}

/** One page of the users, ordered by name without case. */
export class UserPageDto {
  items!: UserDto[];

  /** Send it as `cursor` to get the next page; null on the last page. */
  nextCursor!: string | null;
}
