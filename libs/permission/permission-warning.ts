import { heldPermissions, PERMISSIONS, type Permissions } from './permission.js';

export interface Warning {
  readonly code: string;
  readonly message: string;
}

export interface PermissionFacts {
  readonly saverGroups: ReadonlySet<string>;
  /** Groups with an active user; if missing, no group counts as empty. */
  readonly groupsWithMembers?: ReadonlySet<string> | undefined;
}

/** Warnings for the administrator (R23), the most serious first. They never prevent saving. */
export function permissionWarnings(next: Permissions, facts: PermissionFacts): readonly Warning[] {
  const warnings: Warning[] = [];
  const { useTokens, createForSelf, createOnBehalf } = next;
  const hasMembers = (group: string): boolean => facts.groupsWithMembers?.has(group) ?? true;
  const someoneUses = useTokens.everyone || useTokens.groups.some(hasMembers);
  const someoneCreatesForOthers = createOnBehalf.groups.some(hasMembers);
  const someoneCreates = createForSelf.everyone || createForSelf.groups.some(hasMembers) || someoneCreatesForOthers;

  if (!someoneUses) {
    warnings.push({
      code: 'nobody_may_use_tokens',
      message:
        'No user may use tokens: every request with a token is refused. Allow everyone, or name a group with ' +
        'members.',
    });
  }
  if (!someoneCreates) {
    warnings.push({
      code: 'nobody_may_create_tokens',
      message:
        'No user may create tokens: existing tokens work until they expire, and new ones cannot be created. ' +
        'Allow everyone, or name a group with members.',
    });
  }
  if (someoneUses && someoneCreates && !useTokens.everyone) {
    pushCreatorsWithoutUse(warnings, next);
  }
  pushSaverLockedOut(warnings, next, facts.saverGroups, someoneUses, someoneCreates);
  if (createForSelf.readOnlyOnly && someoneCreates && !someoneCreatesForOthers) {
    warnings.push({
      code: 'nobody_may_create_read_write_tokens',
      message:
        'No user may create read-write tokens, because users may only create read-only ones and no user may ' +
        'create tokens for others. Name a group that may create for other users, or let users create read-write ' +
        'tokens.',
    });
  }
  pushGroupsWithoutMembers(warnings, next, facts);
  pushGroupsNotConsulted(warnings, next);
  return warnings;
}

/** Compares group by group. A creator may also use tokens through another group, so the text is about the others. */
function pushCreatorsWithoutUse(warnings: Warning[], next: Permissions): void {
  const way = 'Add them to a group that may use tokens, or allow everyone to use tokens.';
  if (next.createForSelf.everyone) {
    warnings.push({
      code: 'creators_may_not_use_tokens',
      message: `Everyone may create tokens, but only some groups may use them: other users' tokens are refused. ${way}`,
    });
    return;
  }
  const users = new Set(next.useTokens.groups);
  const creators = new Set([...next.createForSelf.groups, ...next.createOnBehalf.groups]);
  const without = [...creators].filter((group) => !users.has(group));
  if (without.length > 0) {
    warnings.push({
      code: 'creators_may_not_use_tokens',
      message:
        `Members of ${nameGroups(without)} may create tokens, but these groups may not use them: their own ` +
        `tokens are refused. ${way}`,
    });
  }
}

/** Silent if no user has the permission: another warning covers that. */
function pushSaverLockedOut(
  warnings: Warning[],
  next: Permissions,
  saverGroups: ReadonlySet<string>,
  someoneUses: boolean,
  someoneCreates: boolean,
): void {
  const held = heldPermissions(next, saverGroups);
  if (!held.useTokens && someoneUses) {
    warnings.push({
      code: 'saver_may_not_use_tokens',
      message:
        'You yourself may not use tokens: requests with your own tokens are refused. Log in with your password ' +
        'and add one of your groups to those that may use tokens.',
    });
  }
  if (!held.createForSelf && someoneCreates) {
    warnings.push({
      code: 'saver_may_not_create_tokens',
      message:
        'You yourself may not create tokens, for yourself or for others. If you need to, add one of your groups ' +
        'to those that may create them.',
    });
  }
}

function pushGroupsWithoutMembers(warnings: Warning[], next: Permissions, facts: PermissionFacts): void {
  const { groupsWithMembers } = facts;
  if (groupsWithMembers === undefined) {
    return;
  }
  const named = new Set(PERMISSIONS.flatMap((permission) => next[permission].groups));
  const empty = [...named].filter((group) => !groupsWithMembers.has(group));
  if (empty.length > 0) {
    warnings.push({
      code: 'group_without_members',
      message:
        `There are no members in ${nameGroups(empty)}, so the permission has no effect for it. Add members, or ` +
        'take it off the list.',
    });
  }
}

function pushGroupsNotConsulted(warnings: Warning[], next: Permissions): void {
  const ignored: string[] = [];
  if (next.useTokens.everyone && next.useTokens.groups.length > 0) {
    ignored.push('using tokens');
  }
  if (next.createForSelf.everyone && next.createForSelf.groups.length > 0) {
    ignored.push('creating your own tokens');
  }
  if (ignored.length > 0) {
    warnings.push({
      code: 'groups_not_consulted',
      message:
        `The groups for ${ignored.join(' and ')} have no effect while everyone is allowed. Switch "everyone" off ` +
        'to restrict it to the groups, or take them off the list.',
    });
  }
}

function nameGroups(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(', ');
  return names.length === 1 ? `the group ${quoted}` : `the groups ${quoted}`;
}
