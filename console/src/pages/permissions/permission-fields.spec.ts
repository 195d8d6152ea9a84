import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Permissions } from '../../data/permissions';
import { fieldsOfWarning, permissionLabel } from './permission-fields';

const PERMISSIONS: Permissions = {
  useTokens: { everyone: true, groups: ['empty'] },
  createForSelf: { everyone: false, groups: ['developers', 'empty'], readOnlyOnly: false },
  createOnBehalf: { groups: ['administrators'] },
  introspect: { groups: [] },
  warnings: [],
};

describe('the fields of the permissions', () => {
  it('R102: every warning about the permissions has a field', () => {
    const source = readFileSync(
      resolve(import.meta.dirname, '../../../../libs/permission/permission-warning.ts'),
      'utf8',
    );
    const codes = [...source.matchAll(/code: '(\w+)'/g)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(6);
    const without = codes.filter(
      (code) =>
        fieldsOfWarning({ code, message: 'There are no members in the group "empty".' }, PERMISSIONS).length === 0,
    );
    expect(without).toEqual([]);
  });

  it('R102: a warning about groups stands beside each list that names them', () => {
    const message = 'There are no members in the group "empty", so the permission has no effect for it.';
    expect(fieldsOfWarning({ code: 'group_without_members', message }, PERMISSIONS)).toEqual([
      'useTokens.groups',
      'createForSelf.groups',
    ]);
    expect(fieldsOfWarning({ code: 'groups_not_consulted', message: '' }, PERMISSIONS)).toEqual(['useTokens']);
    expect(fieldsOfWarning({ code: 'a_new_one', message: '' }, PERMISSIONS)).toEqual([]);
  });

  it('R102: every member has words', () => {
    expect(permissionLabel('createForSelf.readOnlyOnly')).toContain('read-only');
    expect(permissionLabel('createOnBehalf.groups')).toContain('for others');
    expect(permissionLabel('warnings')).toBeUndefined();
  });
});
