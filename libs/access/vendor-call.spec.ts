import type { ApplicationKind } from '@scopegate/product';
import { describe, expect, it } from 'vitest';
import type { ApplicationRules } from './facts.js';
import { isVendorCreation, vendorCallOf } from './vendor-call.js';
import { JIRA_RULES } from '../../test/support/jira-rules.js';

const PREFIX = '/rest/de.resolution.apitokenauth/latest/user';

const rules = (kind: ApplicationKind): ApplicationRules => ({ ...JIRA_RULES, kind });

describe("the vendor's calls", () => {
  it.each(['jira', 'confluence', 'bitbucket'] as const)('R05: below a %s they are answered here', (kind) => {
    expect(vendorCallOf('POST', `${PREFIX}/token`, rules(kind))).toEqual({ path: `${PREFIX}/token`, call: 'token' });
    expect(vendorCallOf('POST', `${PREFIX}/%74oken`, rules(kind))?.call).toBe('token');
    expect(vendorCallOf('GET', `${PREFIX}/token`, rules(kind))?.call).toBe('token');
    expect(vendorCallOf('GET', `${PREFIX}/token/`, rules(kind))?.call).toBe('token');
    expect(vendorCallOf('HEAD', `${PREFIX}/tokensByFilter`, rules(kind))?.call).toBe('tokensByFilter');
    expect(vendorCallOf('PATCH', `${PREFIX}/token/7`, rules(kind))?.call).toBe('token/7');
    expect(vendorCallOf('DELETE', `${PREFIX}/token/7`, rules(kind))?.call).toBe('token/7');
  });

  it('R06: neither a generic application nor any other path has them', () => {
    expect(vendorCallOf('POST', `${PREFIX}/token`, rules('generic'))).toBeNull();
    for (const path of [
      '/rest/api/2/myself',
      `${PREFIX}s/token`,
      '/rest/de.resolution.apitokenauth/latest/users/token',
      `/x${PREFIX}/token`,
      // More than one reading: judged, and refused, like any other path.
      '/rest/de.resolution.apitokenauth/latest/x/../user/token',
      '/rest/de.resolution.apitokenauth/latest/user%2Ftoken',
      `${PREFIX}/token;x`,
    ]) {
      expect(vendorCallOf('POST', path, rules('jira')), path).toBeNull();
    }
  });

  it('R06: the call that creates a token has no second name', () => {
    for (const path of ['/token/', '/token/7', '/tokens', '/Token']) {
      const call = vendorCallOf('POST', PREFIX + path, rules('jira'));
      expect(call === null ? null : isVendorCreation(call, 'POST'), path).toBe(false);
    }
  });

  it('R05, R06: POST of a token alone creates one', () => {
    expect(isVendorCreation({ path: '', call: 'token' }, 'POST')).toBe(true);
    expect(isVendorCreation({ path: '', call: 'token' }, 'GET')).toBe(false);
    expect(isVendorCreation({ path: '', call: 'token/7' }, 'POST')).toBe(false);
  });
});
