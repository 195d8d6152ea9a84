import { describe, expect, it } from 'vitest';
import { sectionsOf } from '../documents/stored-document.js';
import { checkSettings, patchSettings } from './settings-check.js';
import { describeSettingsChange } from './settings-change.js';
import { DEFAULT_SETTINGS, type SettingsDocument } from './dto/settings.dto.js';
import { toSettings } from './settings.js';

const PROTECTED: SettingsDocument = {
  ...DEFAULT_SETTINGS,
  passwords: { enabled: false, preventPathTraversal: true },
};

describe('checking the settings', () => {
  it('R33: entries are kept in their canonical text, each once', () => {
    const check = checkSettings({
      ...DEFAULT_SETTINGS,
      ipRestriction: { allowList: [' 10.0.0.1 ', '::ffff:10.0.0.1', '2001:DB8:0::/32'], applyToPasswords: false },
    });
    expect(check.ok && check.settings.ipRestriction.allowList).toEqual(['10.0.0.1', '2001:db8::/32']);
  });

  it('R33: an invalid entry refuses the whole document and is named by its place', () => {
    const check = checkSettings({
      ...DEFAULT_SETTINGS,
      ipRestriction: { allowList: ['10.0.0.1', '10.0.0.0/33', null as unknown as string], applyToPasswords: false },
      reverseProxy: { ...DEFAULT_SETTINGS.reverseProxy, trustedProxies: ['proxy.example'] },
    });
    expect(check.ok ? [] : check.errors.map((error) => error.field)).toEqual([
      'ipRestriction.allowList.1',
      'ipRestriction.allowList.2',
      'reverseProxy.trustedProxies.0',
    ]);
  });

  it.each(['', 'X Forwarded', 'X-Forwarded-For:', 'ü'])('R39: %j is no name of a forwarding header', (header) => {
    const check = checkSettings({ ...DEFAULT_SETTINGS, reverseProxy: { ...DEFAULT_SETTINGS.reverseProxy, header } });
    expect(check.ok ? [] : check.errors.map((error) => error.field)).toEqual(['reverseProxy.header']);
  });

  it('R47: preventing path traversal while passwords are enabled is refused', () => {
    const check = checkSettings({ ...DEFAULT_SETTINGS, passwords: { enabled: true, preventPathTraversal: true } });
    expect(check.ok ? [] : check.errors.map((error) => error.field)).toEqual(['passwords.preventPathTraversal']);
    expect(checkSettings(PROTECTED).ok).toBe(true);
  });
});

describe('the lists of the settings', () => {
  const document = { ...DEFAULT_SETTINGS, ipRestriction: { allowList: ['10.0.0.1'], applyToPasswords: false } };
  const known = toSettings(document);

  it('R33: are not parsed again while they stay the same', () => {
    const changed = { ...document, passwords: PROTECTED.passwords };
    const check = checkSettings(changed, known);
    expect(check.ok && check.settings.allowList).toBe(known.allowList);
    expect(toSettings(changed, known).allowList).toBe(known.allowList);
  });

  it.each([[['10.0.0.2']], [['10.0.0.1', '10.0.0.2']], [[]], [['10.0.0.1 ']]])(
    'R33: are parsed where they become %j',
    (allowList) => {
      const changed = { ...document, ipRestriction: { allowList, applyToPasswords: false } };
      const check = checkSettings(changed, known);
      expect(check.ok && check.settings.ipRestriction.allowList).toEqual(allowList.map((text) => text.trim()));
      expect(check.ok && check.settings.allowList.set.size).toBe(allowList.length);
      expect(check.ok && check.settings.allowList).not.toBe(known.allowList);
    },
  );
});

describe('patching the settings', () => {
  it('R47: enabling passwords turns the prevention of path traversal off', () => {
    expect(patchSettings(PROTECTED, { passwords: { enabled: true } })).toEqual(DEFAULT_SETTINGS);
  });

  it('R47: asking for both at once is left to the check, which refuses it', () => {
    const patched = patchSettings(PROTECTED, { passwords: { enabled: true, preventPathTraversal: true } });
    expect(checkSettings(patched as SettingsDocument).ok).toBe(false);
    const switched = patchSettings(DEFAULT_SETTINGS, { passwords: { preventPathTraversal: true } });
    expect(checkSettings(switched as SettingsDocument).ok).toBe(false);
  });

  it('R47: another patch leaves the switch alone', () => {
    expect(patchSettings(PROTECTED, { purge: { expiredTokensAfterDays: 1 } })).toEqual({
      ...PROTECTED,
      purge: { expiredTokensAfterDays: 1 },
    });
  });
});

describe('the audit of the settings', () => {
  it('R59: tells each changed member by its path, and of a list what was added and removed', () => {
    const after: SettingsDocument = {
      ...DEFAULT_SETTINGS,
      passwords: { enabled: false, preventPathTraversal: false },
      ipRestriction: { allowList: ['10.0.0.2', '10.0.0.3'], applyToPasswords: false },
    };
    const before = {
      ...DEFAULT_SETTINGS,
      ipRestriction: { allowList: ['10.0.0.1', '10.0.0.2'], applyToPasswords: false },
    };
    expect(describeSettingsChange(before, after)).toEqual({
      'passwords.enabled': { before: true, after: false },
      'ipRestriction.allowList': { added: ['10.0.0.3'], removed: ['10.0.0.1'] },
    });
  });

  it('R59: what is the same is no change', () => {
    expect(describeSettingsChange(DEFAULT_SETTINGS, structuredClone(DEFAULT_SETTINGS))).toEqual({});
  });
});

describe('the stored settings', () => {
  it('R64: a document of an older version is completed with the defaults', () => {
    expect(sectionsOf(DEFAULT_SETTINGS, { passwords: { enabled: false } })).toEqual({
      ...DEFAULT_SETTINGS,
      passwords: { enabled: false, preventPathTraversal: false },
    });
  });

  it('R62: settings that were stored without audit.failOpen fail closed', () => {
    const { failOpen, ...audit } = DEFAULT_SETTINGS.audit;
    expect(failOpen).toBe(false);
    expect(sectionsOf(DEFAULT_SETTINGS, { ...DEFAULT_SETTINGS, audit })).toEqual(DEFAULT_SETTINGS);
  });

  it('R33: an invalid stored entry is an error and never opens the list', () => {
    const document = { ...DEFAULT_SETTINGS, ipRestriction: { allowList: ['nonsense'], applyToPasswords: false } };
    expect(() => toSettings(document)).toThrow();
  });
});
