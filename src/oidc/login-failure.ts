import type { LoginProblem } from '@scopegate/access';

/** A login at the identity provider that fails. */
export class LoginFailure extends Error {
  override readonly name = 'LoginFailure';

  /**
   * @param code for the login page
   * @param reason for the audit log, of our own words: `state`, or an error code of a standard
   * @param username as the provider named the user; null before that
   */
  constructor(
    readonly code: LoginProblem,
    readonly reason: string,
    readonly username: string | null = null,
  ) {
    super(`The login failed: ${code} (${reason}).`);
  }
}
