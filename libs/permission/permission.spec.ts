import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PERMISSIONS, heldPermissions, holds, PERMISSIONS, type Permissions } from './permission.js';

const groups = (...names: string[]): ReadonlySet<string> => new Set(names);

const nobody: Permissions = {
  useTokens: { everyone: false, groups: [] },
  createForSelf: { everyone: false, groups: [], readOnlyOnly: false },
  createOnBehalf: { groups: [] },
  introspect: { groups: [] },
};

const restricted: Permissions = {
  useTokens: { everyone: false, groups: ['staff', 'robots'] },
  createForSelf: { everyone: false, groups: ['staff', 'developers'], readOnlyOnly: false },
  createOnBehalf: { groups: ['operators', 'leads'] },
  introspect: { groups: ['services'] },
};

describe('holds', () => {
  it('R20: on a fresh install everyone may create and use tokens, and administrators may create for others', () => {
    expect(heldPermissions(DEFAULT_PERMISSIONS, groups())).toEqual({
      useTokens: true,
      createForSelf: true,
      createOnBehalf: false,
    });
    expect(holds(DEFAULT_PERMISSIONS, 'createOnBehalf', groups('administrators'))).toBe(true);
    expect(DEFAULT_PERMISSIONS.createForSelf.readOnlyOnly).toBe(false);
  });

  it.each(['staff', 'robots'])('R19: membership in any of the groups grants: %s may use tokens', (name) => {
    expect(holds(restricted, 'useTokens', groups('other', name))).toBe(true);
  });

  it('R19: the permissions are assigned one by one', () => {
    expect(heldPermissions(restricted, groups('robots'))).toEqual({
      useTokens: true,
      createForSelf: false,
      createOnBehalf: false,
    });
    expect(heldPermissions(restricted, groups('developers'))).toEqual({
      useTokens: false,
      createForSelf: true,
      createOnBehalf: false,
    });
  });

  it('R90: the permission to introspect comes through its groups alone, and gives nothing else', () => {
    expect(holds(restricted, 'introspect', groups('services'))).toBe(true);
    expect(heldPermissions(restricted, groups('services'))).toEqual({
      useTokens: false,
      createForSelf: false,
      createOnBehalf: false,
    });
    expect(holds(restricted, 'introspect', groups('operators', 'staff', 'robots'))).toBe(false);
    expect(holds(DEFAULT_PERMISSIONS, 'introspect', groups('administrators'))).toBe(true);
  });

  it('R20: who may create for others may create for itself', () => {
    expect(heldPermissions(restricted, groups('leads'))).toEqual({
      useTokens: false,
      createForSelf: true,
      createOnBehalf: true,
    });
  });

  it('R20: administrators hold no permission but by the lists', () => {
    expect(Object.values(heldPermissions(nobody, groups('administrators')))).toEqual([false, false, false]);
    expect(Object.values(heldPermissions(restricted, groups('administrators')))).toEqual([false, false, false]);
  });

  it('R21: while everyone is allowed, groups are not consulted', () => {
    const open: Permissions = { ...restricted, useTokens: { everyone: true, groups: ['staff'] } };
    expect(holds(open, 'useTokens', groups())).toBe(true);
  });

  it('R21: off with no groups means nobody', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.constantFrom(...PERMISSIONS), (names, permission) => {
        expect(holds(nobody, permission, groups(...names))).toBe(false);
      }),
    );
  });

  it('R22: allowing everyone to create does not let anyone create for others', () => {
    const open: Permissions = {
      useTokens: { everyone: true, groups: [] },
      createForSelf: { everyone: true, groups: ['staff'], readOnlyOnly: false },
      createOnBehalf: { groups: [] },
      introspect: { groups: [] },
    };
    expect(holds(open, 'createOnBehalf', groups('staff', 'administrators'))).toBe(false);
  });

  it('R19: another group never takes a permission away', () => {
    const name = fc.constantFrom('staff', 'robots', 'developers', 'operators', 'leads', 'other');
    fc.assert(
      fc.property(fc.array(name), name, fc.constantFrom(...PERMISSIONS), (names, added, permission) => {
        const before = holds(restricted, permission, groups(...names));
        expect(holds(restricted, permission, groups(...names, added))).toBe(
          before || holds(restricted, permission, groups(added)),
        );
      }),
    );
  });
});
