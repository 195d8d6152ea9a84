import { IsString, MaxLength } from 'class-validator';
import { IfPresent } from '../../common/validation/if-present.decorator.js';

/** Where clients reach the application: below `pathPrefix`, at `host`, or both. */
export class MountDto {
  /**
   * Matches whole segments; the longest prefix wins. The rest of the path is appended to `upstream`.
   * @example /jira
   */
  @IfPresent()
  @IsString()
  @MaxLength(255)
  pathPrefix?: string;

  /** A host name with an optional port. All requests to this host belong to this application. */
  @IfPresent()
  @IsString()
  @MaxLength(255)
  host?: string;
}
