import { describe, expect, it } from 'vitest';
import { oidcAddress, oidcProblem, proofAddress } from './oidc';

describe('a login at the identity provider', () => {
  it('R96: is explained in our own words alone', () => {
    expect(oidcProblem('')).toBeNull();
    expect(oidcProblem('?problem=oidc_login_denied')?.title).toBe('The identity provider has not logged you in');
    for (const given of ['<b>', 'toString', '']) {
      expect(oidcProblem(`?problem=${encodeURIComponent(given)}`)?.title).toBe('The login did not work');
    }
  });

  it('R96: leads back to the page that was asked for', () => {
    expect(oidcAddress({ pathname: '/console/audit', search: '?user=anna&last=7d' })).toBe(
      '/api/v1/session/oidc?returnTo=%2Fconsole%2Faudit%3Fuser%3Danna%26last%3D7d',
    );
    const login = { pathname: '/console/login', search: '?problem=oidc_login_denied' };
    expect(oidcAddress(login)).toBe('/api/v1/session/oidc?returnTo=%2Fconsole');
    // The server takes a place of at most 1,024 characters.
    expect(oidcAddress({ pathname: '/console/audit', search: `?q=${'x'.repeat(1_020)}` })).toBe(
      '/api/v1/session/oidc?returnTo=%2Fconsole%2Faudit',
    );
  });

  it('R96, R99: in a tab of its own leads to a page that says so', () => {
    expect(proofAddress('login')).toBe('/api/v1/session/oidc?returnTo=%2Fconsole%2Flogged-in');
    expect(proofAddress('step-up')).toBe('/api/v1/session/oidc?returnTo=%2Fconsole%2Flogged-in&stepUp=true');
  });
});
