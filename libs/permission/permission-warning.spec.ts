import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PermissionFacts, permissionWarnings } from './permission-warning.js';
import { DEFAULT_PERMISSIONS, type Permissions } from './permission.js';

const saver: PermissionFacts = { saverGroups: new Set(['administrators']) };

function permissions(change: {
  readonly use?: readonly string[];
  readonly create?: readonly string[];
  readonly onBehalf?: readonly string[];
  readonly readOnlyOnly?: boolean;
}): Permissions {
  return {
    useTokens: { everyone: change.use === undefined, groups: change.use ?? [] },
    createForSelf: {
      everyone: change.create === undefined,
      groups: change.create ?? [],
      readOnlyOnly: change.readOnlyOnly ?? false,
    },
    createOnBehalf: { groups: change.onBehalf ?? ['administrators'] },
    introspect: { groups: ['administrators'] },
  };
}

function codesOf(next: Permissions, facts: PermissionFacts = saver): readonly string[] {
  return permissionWarnings(next, facts).map((warning) => warning.code);
}

describe('permissionWarnings', () => {
  it('R23: the permissions of a fresh install give no warning', () => {
    expect(permissionWarnings(DEFAULT_PERMISSIONS, saver)).toEqual([]);
    expect(codesOf(DEFAULT_PERMISSIONS, { ...saver, groupsWithMembers: new Set(['administrators']) })).toEqual([]);
  });

  it('R23: warns if no user may use tokens', () => {
    expect(codesOf(permissions({ use: [] }))).toEqual(['nobody_may_use_tokens']);
  });

  it('R23: warns if no user may create tokens', () => {
    expect(codesOf(permissions({ create: [], onBehalf: [] }))).toEqual(['nobody_may_create_tokens']);
  });

  it('R23: everyone may create tokens, but only a group may use them', () => {
    expect(codesOf(permissions({ use: ['administrators'] }))).toEqual(['creators_may_not_use_tokens']);
  });

  it('R23: creators who may not use tokens are named', () => {
    const next = permissions({ use: ['administrators', 'staff'], create: ['staff', 'developers'] });
    expect(codesOf(next)).toEqual(['creators_may_not_use_tokens']);
    expect(permissionWarnings(next, saver)[0]?.message).toContain('"developers"');
    expect(permissionWarnings(next, saver)[0]?.message).not.toContain('"staff"');
  });

  it('R23: creators who may use tokens need no warning', () => {
    expect(codesOf(permissions({ use: ['administrators', 'staff'], create: ['staff'] }))).toEqual([]);
  });

  it('R23: the saver locks itself out', () => {
    const next = permissions({ use: ['staff'], create: ['staff'], onBehalf: ['staff'] });
    expect(codesOf(next)).toEqual(['saver_may_not_use_tokens', 'saver_may_not_create_tokens']);
    expect(codesOf(next, { saverGroups: new Set(['administrators', 'staff']) })).toEqual([]);
  });

  it('R23: warns if no user may create read-write tokens', () => {
    expect(codesOf(permissions({ readOnlyOnly: true, onBehalf: [] }))).toEqual(['nobody_may_create_read_write_tokens']);
    expect(codesOf(permissions({ readOnlyOnly: true }))).toEqual([]);
  });

  it('R23: a group without members grants nothing', () => {
    const facts: PermissionFacts = {
      ...saver,
      groupsWithMembers: new Set(['administrators']),
    };
    expect(codesOf(permissions({ use: ['administrators', 'empty'], create: ['administrators'] }), facts)).toEqual([
      'group_without_members',
    ]);
    expect(codesOf(permissions({ use: ['empty'] }), facts)).toEqual(['nobody_may_use_tokens', 'group_without_members']);
  });

  it('R23: groups that are not consulted are pointed out', () => {
    const next: Permissions = { ...DEFAULT_PERMISSIONS, useTokens: { everyone: true, groups: ['staff'] } };
    expect(codesOf(next)).toEqual(['groups_not_consulted']);
  });

  it('R23: every warning has a code of its own and a text of whole sentences', () => {
    const names = fc.uniqueArray(fc.constantFrom('administrators', 'staff', 'empty', '"><script>'));
    const facts: PermissionFacts = { ...saver, groupsWithMembers: new Set(['administrators']) };
    fc.assert(
      fc.property(
        fc.record({
          useTokens: fc.record({ everyone: fc.boolean(), groups: names }),
          createForSelf: fc.record({ everyone: fc.boolean(), groups: names, readOnlyOnly: fc.boolean() }),
          createOnBehalf: fc.record({ groups: names }),
          introspect: fc.record({ groups: names }),
        }),
        (next) => {
          const warnings = permissionWarnings(next, facts);
          expect(new Set(warnings.map((warning) => warning.code)).size).toBe(warnings.length);
          for (const { code, message } of warnings) {
            expect(code).toMatch(/^[a-z_]+$/);
            expect(message).toMatch(/^.+[.:] .+\.$/);
          }
        },
      ),
    );
  });
});
