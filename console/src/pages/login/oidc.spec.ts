import { describe, expect, it } from 'vitest';
import { oidcAddress, oidcProblem } from './oidc';

describe('a login at the identity provider', () => {
  it('R96: is explained in our own words alone', () => {
    expect(oidcProblem('')).toBeNull();
    expect(oidcProblem('?problem=oidc_login_denied')?.title).toBe('The identity provider has not logged you in');
    for (const given of ['<b>', 'toString', '']) {
      expect(oidcProblem(`?problem=${encodeURIComponent(given)}`)?.title).toBe('The login did not work');
    }
  });

  it('R96: leads back to the page that was asked for', () => {
    expect(oidcAddress({ pathname: '/console/audit' })).toBe('/api/v1/session/oidc?returnTo=%2Fconsole%2Faudit');
    expect(oidcAddress({ pathname: '/console/login' }, true)).toBe(
      '/api/v1/session/oidc?returnTo=%2Fconsole&stepUp=true',
    );
  });
});
