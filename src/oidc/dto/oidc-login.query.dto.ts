import { readReturnPath } from '@scopegate/access';
import { IsBoolean } from 'class-validator';
import { FitsRule } from '../../common/validation/fits-rule.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';
import { QueryBoolean } from '../../common/validation/query-boolean.decorator.js';

/** How a login at the identity provider begins. */
export class OidcLoginQuery {
  /**
   * Where the browser goes after the login: a path inside the console, at most 1,024 characters, without dot segments.
   * Default: `/console`.
   * @example /console/tokens
   */
  @IfPresent()
  @FitsRule((path) => (readReturnPath(path) === null ? 'must be a path inside /console' : null))
  returnTo?: string;

  /**
   * Asks the user of this session to log in again (step-up). The session stays.
   * @example false
   */
  @IfPresent()
  @QueryBoolean()
  @IsBoolean()
  stepUp?: boolean;
}
