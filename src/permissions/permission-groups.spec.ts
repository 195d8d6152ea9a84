import { DEFAULT_PERMISSIONS, type Permissions } from '@scopegate/permission';
import { describe, expect, it } from 'vitest';
import { namedGroups, permissionsNaming, unknownGroupErrors } from './permission-groups.js';

const permissions: Permissions = {
  useTokens: { everyone: true, groups: ['staff', 'gone'] },
  createForSelf: { everyone: false, groups: ['gone'], readOnlyOnly: false },
  createOnBehalf: { groups: ['administrators', 'staff'] },
  introspect: { groups: ['services'] },
};

describe('the groups that permissions name', () => {
  it('R26: a group is named by every permission that lists it, consulted or not', () => {
    expect(permissionsNaming(permissions, 'staff')).toEqual(['useTokens', 'createOnBehalf']);
    expect(permissionsNaming(permissions, 'Staff')).toEqual([]);
    expect(permissionsNaming(DEFAULT_PERMISSIONS, 'administrators')).toEqual(['createOnBehalf', 'introspect']);
  });

  it('R19: every group is named once', () => {
    expect(namedGroups(permissions)).toEqual(['staff', 'gone', 'administrators', 'services']);
  });

  it('R19: an unknown group is reported with every place that names it', () => {
    expect(unknownGroupErrors(permissions, ['gone'])).toEqual([
      { field: 'useTokens.groups.1', message: 'useTokens.groups.1 contains unknown groups: "gone"' },
      { field: 'createForSelf.groups.0', message: 'createForSelf.groups.0 contains unknown groups: "gone"' },
    ]);
    expect(unknownGroupErrors(permissions, [])).toEqual([]);
  });
});
