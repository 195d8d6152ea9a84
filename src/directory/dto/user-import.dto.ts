/** What is wrong with a line. */
export class UserImportErrorDto {
  /**
   * Where the line begins in the file, from 1.
   * @example 3
   */
  line!: number;

  /** @example email must be an email address */
  message!: string;
}

/** What an import does, or would do. */
export class UserImportDto {
  /**
   * The number of new users.
   * @example 12
   */
  create!: number;

  /**
   * The number of users that change. A user who is as in the file does not count.
   * @example 3
   */
  change!: number;

  /** At most 50, in the order of the lines. With an error, nothing is imported. */
  errors!: UserImportErrorDto[];
}
