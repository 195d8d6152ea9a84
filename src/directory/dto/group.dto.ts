import { FitsRule } from '../../common/validation/fits-rule.decorator.js';
import { groupNameProblem } from '../name.rules.js';

/** A group of users. Its members are listed by `GET /api/v1/users?group=…`. */
export class GroupDto {
  /** @example developers */
  name!: string;

  /**
   * The key of the directory that the group comes from; its members are those that it has there. Missing for a local
   * group.
   * @example company
   */
  directory?: string;
}

/** One page of the groups, ordered by name. */
export class GroupPageDto {
  items!: GroupDto[];

  /** Send it as `cursor` to get the next page; null on the last page. */
  nextCursor!: string | null;
}

/** A new group. */
export class CreateGroupDto {
  /**
   * 1 to 255 characters without a comma.
   * @example developers
   */
  @FitsRule(groupNameProblem)
  name!: string;
}
