import { describe, expect, it } from 'vitest';
import { DEFAULT_PERMISSIONS, type HeldPermissions, type Permissions } from './permission.js';
import { creatableScopes, creationNotice, decideCreation, exceedsScopePolicy } from './token-creation.js';

const open = DEFAULT_PERMISSIONS;
const readOnlyOnly: Permissions = {
  ...DEFAULT_PERMISSIONS,
  createForSelf: { everyone: true, groups: [], readOnlyOnly: true },
};

const none: HeldPermissions = { useTokens: true, createForSelf: false, createOnBehalf: false };
const forSelf: HeldPermissions = { useTokens: true, createForSelf: true, createOnBehalf: false };
const onBehalf: HeldPermissions = { useTokens: true, createForSelf: true, createOnBehalf: true };

describe('decideCreation', () => {
  it.each([
    ['read-only', open, true],
    ['read-write', open, true],
    ['read-only', readOnlyOnly, true],
    ['read-write', readOnlyOnly, false],
  ] as const)('R15: a user asks for a %s token of its own (case %#)', (scope, permissions, permitted) => {
    const decision = decideCreation(forSelf, permissions, { forSelf: true, scope });
    expect(decision).toMatchObject(permitted ? { ok: true } : { ok: false, code: 'scope_not_permitted' });
  });

  it.each([true, false])('R15: who may create for others may choose read-write, for itself: %s', (own) => {
    expect(decideCreation(onBehalf, readOnlyOnly, { forSelf: own, scope: 'read-write' })).toEqual({ ok: true });
  });

  it.each([
    ['off', open],
    ['on', readOnlyOnly],
  ] as const)(
    'R16: who may create for itself alone may not name another owner, the switch %s',
    (_name, permissions) => {
      for (const scope of ['read-only', 'read-write'] as const) {
        expect(decideCreation(forSelf, permissions, { forSelf: false, scope })).toMatchObject({
          ok: false,
          code: 'create_on_behalf_not_permitted',
        });
      }
    },
  );

  it('R24: without the permission nothing can be created', () => {
    expect(decideCreation(none, open, { forSelf: true, scope: 'read-only' })).toMatchObject({
      ok: false,
      code: 'create_not_permitted',
    });
  });

  it('R20: who may not use tokens may still create them', () => {
    const creator: HeldPermissions = { ...forSelf, useTokens: false };
    expect(decideCreation(creator, open, { forSelf: true, scope: 'read-write' })).toEqual({ ok: true });
  });
});

describe('creatableScopes', () => {
  it('R15: the scopes offered are the scopes accepted', () => {
    for (const permissions of [open, readOnlyOnly]) {
      for (const held of [none, forSelf, onBehalf]) {
        for (const scope of ['read-only', 'read-write'] as const) {
          const { ok } = decideCreation(held, permissions, { forSelf: true, scope });
          expect(creatableScopes(held, permissions).includes(scope)).toBe(ok);
        }
      }
    }
  });
});

describe('creationNotice', () => {
  it('R24: a permission that is missing is shown as unavailable with an information text', () => {
    expect(creationNotice(none, open)).toMatchObject({ available: false, scopes: [] });
    expect(creationNotice(none, open).message).toMatch(/ask an administrator/i);
    expect(creationNotice({ ...none, useTokens: false }, open).message).toMatch(/not create or use/);
  });

  it('R24: a user who may create but not use tokens gets that reason', () => {
    const notice = creationNotice({ ...forSelf, useTokens: false }, open);
    expect(notice.available).toBe(true);
    expect(notice.message).toMatch(/not use/);
  });

  it('R15: a user who may only create read-only tokens gets that reason', () => {
    expect(creationNotice(forSelf, readOnlyOnly)).toEqual({
      available: true,
      message: expect.stringContaining('read-only') as string,
      scopes: ['read-only'],
    });
  });

  it('R24: where nothing is missing there is no text', () => {
    expect(creationNotice(forSelf, open)).toEqual({
      available: true,
      message: null,
      scopes: ['read-only', 'read-write'],
    });
  });
});

describe('exceedsScopePolicy', () => {
  it.each([
    ['read-write', readOnlyOnly, false, false, true],
    ['read-write', readOnlyOnly, true, false, false],
    ['read-write', readOnlyOnly, false, true, false],
    ['read-only', readOnlyOnly, false, false, false],
    ['read-write', open, false, false, false],
  ] as const)('R18: a %s token is listed exactly if the switch forbids it now (case %#)', (...row) => {
    const [scope, permissions, owner, creator, exceeds] = row;
    expect(exceedsScopePolicy({ scope }, permissions, { owner, creator })).toBe(exceeds);
  });
});
