import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, type SettingsDocument } from './dto/settings.dto.js';
import { toSettings } from './settings.js';
import { settingsWarnings, type Requester } from './settings-warning.js';

const HERE: Requester = { peer: '192.0.2.10', lines: ['Host', 'gateway'] };

type Changes = { readonly [Section in keyof SettingsDocument]?: Partial<SettingsDocument[Section]> };

function warningsOf(changes: Changes, requester: Requester = HERE): readonly { code: string; message: string }[] {
  const document = Object.fromEntries(
    Object.entries(DEFAULT_SETTINGS).map(([section, members]) => [
      section,
      { ...(members as object), ...changes[section as keyof SettingsDocument] },
    ]),
  ) as unknown as SettingsDocument;
  return settingsWarnings(toSettings(document), requester);
}

function codesOf(changes: Changes, requester?: Requester): readonly string[] {
  return warningsOf(changes, requester).map((warning) => warning.code);
}

describe('the warnings of the settings', () => {
  it('R41: the settings of a fresh install, and a list with the own address, give no warning', () => {
    expect(codesOf({})).toEqual([]);
    expect(codesOf({ ipRestriction: { allowList: ['192.0.2.0/24'] } })).toEqual([]);
  });

  it('R41: a list that refuses the saving administrator gives a warning with the address', () => {
    const [warning] = warningsOf({ ipRestriction: { allowList: ['10.0.0.0/8'] } });
    expect(warning?.code).toBe('own_address_not_allowed');
    expect(warning?.message).toContain('192.0.2.10');
  });

  it('R41: the own address is derived under the settings being saved', () => {
    const forwarded: Requester = { peer: '192.0.2.10', lines: ['X-Forwarded-For', '198.51.100.7'] };
    const reverseProxy = { enabled: true, trustedProxies: ['192.0.2.10'] };
    expect(codesOf({ reverseProxy, ipRestriction: { allowList: ['198.51.100.7'] } }, forwarded)).toEqual([]);
    expect(warningsOf({ reverseProxy, ipRestriction: { allowList: ['192.0.2.10'] } }, forwarded)[0]?.message).toContain(
      '198.51.100.7',
    );
  });

  it('R41: a list refuses an unknown address, and the warning says so', () => {
    const [warning] = warningsOf(
      {
        reverseProxy: { enabled: true, trustedProxies: ['192.0.2.10'] },
        ipRestriction: { allowList: ['192.0.2.10'] },
      },
      { peer: '192.0.2.10', lines: ['X-Forwarded-For', 'unknown'] },
    );
    expect(warning?.code).toBe('own_address_not_allowed');
    expect(warning?.message).toContain('X-Forwarded-For');
  });

  it('R38: a refused administrator behind a proxy reads that reverse proxy support is off', () => {
    const forwarded: Requester = { peer: '10.0.0.2', lines: ['x-forwarded-for', '192.0.2.10'] };
    expect(codesOf({ ipRestriction: { allowList: ['192.0.2.10'] } }, forwarded)).toEqual([
      'own_address_not_allowed',
      'reverse_proxy_support_off',
    ]);
  });

  it('R39: support without trusted proxies gives a warning, and so do trusted proxies without support', () => {
    expect(codesOf({ reverseProxy: { enabled: true } })).toEqual(['no_trusted_proxies']);
    expect(codesOf({ reverseProxy: { trustedProxies: ['10.0.0.2'] } })).toEqual(['trusted_proxies_not_used']);
  });

  it.each(['0.0.0.0/0', '::/0', '0.0.0.0/1', '8.0.0.0/7', '1.0.0.0-255.0.0.0', '2000::/3'])(
    'R39: trusting %s gives a warning: too wide',
    (entry) => {
      expect(codesOf({ reverseProxy: { enabled: true, trustedProxies: [entry] } })).toEqual([
        'trusted_proxies_too_wide',
      ]);
    },
  );

  it.each(['10.0.0.0/8', '127.0.0.1', 'fc00::/7', '::1', '192.168.0.0-192.168.255.255', '2001:db8::/32'])(
    'R39: trusting %s is not told as too wide',
    (entry) => {
      expect(codesOf({ reverseProxy: { enabled: true, trustedProxies: [entry] } })).toEqual([]);
    },
  );

  it('R33: an allow list that allows everyone gives a warning', () => {
    expect(codesOf({ ipRestriction: { allowList: ['0.0.0.0/0', '10.0.0.1'] } })).toEqual(['allow_list_without_effect']);
  });

  it('R43: disabling passwords gives a warning: ambiguous paths are still forwarded (R46)', () => {
    expect(codesOf({ passwords: { enabled: false } })).toEqual(['passwords_disabled', 'path_traversal_not_prevented']);
    expect(codesOf({ passwords: { enabled: false, preventPathTraversal: true } })).toEqual(['passwords_disabled']);
  });

  it('R60: every kind of event that is switched off is named', () => {
    const [warning] = warningsOf({ audit: { successes: false, denials: false } });
    expect(warning?.code).toBe('audit_switched_off');
    expect(warning?.message).toContain('successful authentications and no denied permissions');
  });

  it('R62: forwarding requests without a record gives a warning that says what it means', () => {
    const [warning] = warningsOf({ audit: { failOpen: true } });
    expect(warning?.code).toBe('audit_fails_open');
    expect(warning?.message).toContain('forwarded without a record');
  });

  it('R51: a throttle that is switched off gives a warning', () => {
    expect(codesOf({ throttling: { maxFailures: 0 } })).toEqual(['throttling_switched_off']);
  });
});
