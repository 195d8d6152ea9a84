import { DEFAULT_PERMISSIONS, type Permissions } from '@scopegate/permission';
import { addMonths } from '@scopegate/token';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideRotatedExpiry,
  decideTokenCreation,
  type CreationFacts,
  type ParentToken,
  type RotationFacts,
  type TokenAsked,
} from './creation.js';

const NOW_MS = Date.UTC(2026, 5, 15, 12);
const DAY_MS = 86_400_000;

const EVERYTHING = { useTokens: true, createForSelf: true, createOnBehalf: true };
const FOR_SELF = { ...EVERYTHING, createOnBehalf: false };
const NOTHING = { useTokens: true, createForSelf: false, createOnBehalf: false };

const READ_ONLY_ONLY: Permissions = {
  ...DEFAULT_PERMISSIONS,
  createForSelf: { ...DEFAULT_PERMISSIONS.createForSelf, readOnlyOnly: true },
};

const PARENT: ParentToken = {
  ownerId: 'alice',
  scope: 'read-write',
  expiresAt: null,
  allowList: null,
  applications: null,
};

function create(
  asked: Partial<TokenAsked>,
  facts: Partial<Omit<CreationFacts, 'asked'>> = {},
): ReturnType<typeof decideTokenCreation> {
  return decideTokenCreation({
    creatorId: 'alice',
    held: FOR_SELF,
    permissions: DEFAULT_PERMISSIONS,
    maximum: 'never',
    parent: null,
    nowMs: NOW_MS,
    ...facts,
    asked: { scope: 'read-only', ownerId: 'alice', expiry: {}, allowList: null, applications: null, ...asked },
  });
}

describe('who may make which token', () => {
  it('R20: a user with the permission creates own tokens of either scope', () => {
    for (const scope of ['read-only', 'read-write'] as const) {
      expect(create({ scope })).toEqual({ ok: true, expiresAt: null, allowList: null, applications: null });
    }
  });

  it('R24: a user who has lost the permission is refused', () => {
    expect(create({}, { held: NOTHING })).toMatchObject({ ok: false, code: 'create_not_permitted' });
  });

  it('R16: a user who may only create own tokens cannot name another owner, whatever the switch', () => {
    for (const permissions of [DEFAULT_PERMISSIONS, READ_ONLY_ONLY]) {
      expect(create({ ownerId: 'bob' }, { permissions })).toMatchObject({
        ok: false,
        code: 'create_on_behalf_not_permitted',
      });
    }
  });

  it('R16: the owner is refused before anything else is said about the token', () => {
    expect(create({ ownerId: '', expiry: { expiresAt: 'nonsense' } })).toMatchObject({
      code: 'create_on_behalf_not_permitted',
    });
  });

  it('R15: with the switch on, read-write is for those who may create for others, for whomever', () => {
    const permissions = READ_ONLY_ONLY;
    expect(create({ scope: 'read-write' }, { permissions })).toMatchObject({ ok: false, code: 'scope_not_permitted' });
    expect(create({ scope: 'read-only' }, { permissions })).toMatchObject({ ok: true });
    for (const ownerId of ['alice', 'bob']) {
      expect(create({ scope: 'read-write', ownerId }, { permissions, held: EVERYTHING })).toMatchObject({ ok: true });
    }
  });

  it('R30: with no expiry asked for, the maximum applies', () => {
    expect(create({}, { maximum: 'P6M' })).toMatchObject({ ok: true, expiresAt: addMonths(NOW_MS, 6) });
  });

  it.each([
    ['validity', { validity: 'P1Y' }],
    ['expiresAt', { expiresAt: '2030-01-01T00:00:00Z' }],
    ['expiresAt', { expiresAt: 'tomorrow' }],
  ] as const)('R29: an expiry that does not fit is a mistake in the field %s', (field, expiry) => {
    expect(create({ expiry }, { maximum: 'P6M' })).toMatchObject({ ok: false, code: 'validation_failed', field });
  });

  it('R33: an empty list of its own does not narrow a token', () => {
    expect(create({ allowList: [] })).toMatchObject({ ok: true, allowList: null });
  });
});

describe('a token made with a token', () => {
  const narrow: ParentToken = {
    ...PARENT,
    scope: 'read-only',
    expiresAt: NOW_MS + 10 * DAY_MS,
    allowList: ['192.0.2.0/24', '2001:db8::/32'],
    applications: ['jira', 'wiki'],
  };

  it('R10: inherits everything that limits its parent', () => {
    expect(create({}, { parent: narrow })).toEqual({
      ok: true,
      expiresAt: narrow.expiresAt,
      allowList: narrow.allowList,
      applications: narrow.applications,
    });
  });

  it('R10: may be narrower', () => {
    const expiry = { expiresAt: new Date(NOW_MS + DAY_MS).toISOString() };
    const asked = { allowList: ['192.0.2.8-192.0.2.9'], applications: ['wiki'], expiry };
    expect(create(asked, { parent: narrow })).toEqual({
      ok: true,
      expiresAt: NOW_MS + DAY_MS,
      allowList: ['192.0.2.8-192.0.2.9'],
      applications: ['wiki'],
    });
  });

  it('R10: may be good until the very instant its parent ends, and not longer', () => {
    const until = (atMs: number): Partial<TokenAsked> => ({ expiry: { expiresAt: new Date(atMs).toISOString() } });
    const end = NOW_MS + 10 * DAY_MS;
    expect(create(until(end), { parent: narrow })).toMatchObject({ ok: true, expiresAt: end });
    expect(create(until(end + 1), { parent: narrow })).toMatchObject({ ok: false, code: 'exceeds_parent_token' });
  });

  it.each<[string, Partial<TokenAsked>]>([
    ['another scope', { scope: 'read-write' }],
    ['another owner', { ownerId: 'bob' }],
    ['a later end', { expiry: { validity: 'P1M' } }],
    ['no end', { expiry: { validity: 'never' } }],
    ['a later end in months', { expiry: { months: 1 } }],
    ['more applications', { applications: ['jira', 'code'] }],
    ['more addresses', { allowList: ['192.0.2.0/23'] }],
    ['other addresses', { allowList: ['198.51.100.1'] }],
    ['addresses of which one lies outside', { allowList: ['192.0.2.1', '198.51.100.1'] }],
    ['all addresses of the other family', { allowList: ['::/0'] }],
  ])('R10: may not have %s', (_what, asked) => {
    expect(create(asked, { parent: narrow, held: EVERYTHING })).toMatchObject({
      ok: false,
      code: 'exceeds_parent_token',
    });
  });

  it('R10: with no expiry asked for, the earlier of the maximum and the parent’s applies', () => {
    const expiresAt = addMonths(NOW_MS, 3);
    const parent = { ...PARENT, expiresAt };
    expect(create({}, { parent, maximum: 'P6M' })).toMatchObject({ expiresAt });
    expect(create({}, { parent, maximum: 'P1M' })).toMatchObject({ expiresAt: addMonths(NOW_MS, 1) });
    expect(create({}, { parent: PARENT, maximum: 'P1M' })).toMatchObject({ expiresAt: addMonths(NOW_MS, 1) });
  });

  it('R10: a read-write token makes tokens of both scopes', () => {
    expect(create({ scope: 'read-write' }, { parent: PARENT })).toMatchObject({ ok: true });
    expect(create({ scope: 'read-only' }, { parent: PARENT })).toMatchObject({ ok: true });
  });

  it('R05: a token makes tokens only while its user may', () => {
    expect(create({}, { parent: PARENT, held: NOTHING })).toMatchObject({ ok: false, code: 'create_not_permitted' });
  });

  it('R10: never exceeds its parent, whatever is asked for', () => {
    const entries = fc.option(fc.subarray(['192.0.2.0/25', '192.0.2.7', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::1']), {
      nil: null,
    });
    const keys = fc.option(fc.subarray(['jira', 'wiki', 'code']), { nil: null });
    const asked = fc.record({
      scope: fc.constantFrom('read-only', 'read-write'),
      ownerId: fc.constantFrom('alice', 'bob'),
      expiry: fc.oneof(
        fc.constant({}),
        fc.record({ validity: fc.constantFrom('P1M', 'P6M', 'P2Y', 'never') }),
        fc.record({ months: fc.integer({ min: 0, max: 40 }) }),
        fc
          .integer({ min: -DAY_MS, max: 30 * DAY_MS })
          .map((offset) => ({ expiresAt: new Date(NOW_MS + offset).toISOString() })),
      ),
      allowList: entries,
      applications: keys,
    }) as fc.Arbitrary<TokenAsked>;
    fc.assert(
      fc.property(asked, fc.constantFrom(narrow, PARENT), (wanted, parent) => {
        const outcome = create(wanted, { parent, held: EVERYTHING });
        if (!outcome.ok) return;
        expect(wanted.ownerId).toBe(parent.ownerId);
        if (parent.scope === 'read-only') expect(wanted.scope).toBe('read-only');
        if (parent.expiresAt !== null) expect(outcome.expiresAt ?? Infinity).toBeLessThanOrEqual(parent.expiresAt);
        if (parent.applications !== null) {
          expect(outcome.applications?.every((key) => parent.applications?.includes(key))).toBe(true);
        }
        if (parent.allowList !== null) {
          expect(outcome.allowList).not.toBeNull();
          for (const entry of outcome.allowList ?? []) {
            expect(['192.0.2.0/24', '192.0.2.0/25', '192.0.2.7', '2001:db8::/32', '2001:db8::1']).toContain(entry);
          }
        }
      }),
    );
  });
});

describe('decideRotatedExpiry', () => {
  const OLD_END = NOW_MS + 100 * DAY_MS;
  const rotate = (facts: Partial<RotationFacts>): ReturnType<typeof decideRotatedExpiry> =>
    decideRotatedExpiry({
      asked: {},
      expiresAt: OLD_END,
      isOwnRotation: false,
      maximum: 'P1Y',
      nowMs: NOW_MS,
      ...facts,
    });

  it('R123: the successor keeps the old end if none is asked for', () => {
    expect(rotate({})).toEqual({ ok: true, expiresAt: OLD_END });
    expect(rotate({ expiresAt: null })).toEqual({ ok: true, expiresAt: null });
    expect(rotate({ isOwnRotation: true })).toEqual({ ok: true, expiresAt: OLD_END });
  });

  it('R123: with a password the end is renewed within the maximum, as at a creation', () => {
    expect(rotate({ asked: { validity: 'P1Y' } })).toEqual({ ok: true, expiresAt: addMonths(NOW_MS, 12) });
    expect(rotate({ asked: { validity: 'P2Y' } })).toMatchObject({ code: 'validation_failed', field: 'validity' });
    const expiresAt = new Date(addMonths(NOW_MS, 12) + 1).toISOString();
    expect(rotate({ asked: { expiresAt } })).toMatchObject({ code: 'validation_failed', field: 'expiresAt' });
    expect(rotate({ asked: { validity: 'P1Y', expiresAt } })).toMatchObject({ code: 'validation_failed' });
  });

  it('R10, R123: a token that rotates itself may shorten its life, and not prolong it', () => {
    const own = { isOwnRotation: true, maximum: 'never' } as const;
    const after = new Date(OLD_END + 1).toISOString();
    const until = new Date(OLD_END).toISOString();
    expect(rotate({ ...own, asked: { validity: 'P1M' } })).toEqual({ ok: true, expiresAt: addMonths(NOW_MS, 1) });
    expect(rotate({ ...own, asked: { expiresAt: until } })).toEqual({ ok: true, expiresAt: OLD_END });
    for (const asked of [{ expiresAt: after }, { validity: 'P1Y' }, { validity: 'never' }] as const) {
      expect(rotate({ ...own, asked })).toMatchObject({ ok: false, code: 'exceeds_parent_token' });
    }
  });

  it('R10, R123: whatever is asked for, no token outlives itself by a rotation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_000 }), fc.option(fc.integer({ min: 1, max: 3_000 })), (days, end) => {
        const expiresAt = end === null ? null : NOW_MS + end * DAY_MS;
        const asked = { expiresAt: new Date(NOW_MS + days * DAY_MS).toISOString() };
        const outcome = rotate({ asked, expiresAt, isOwnRotation: true, maximum: 'never' });
        const isWithin = end === null || days <= end;
        expect(outcome.ok).toBe(isWithin);
      }),
    );
  });
});
