import { PLAIN_PATHS } from '@scopegate/path';
import type { Product } from './product.js';

export const REDMINE: Product = {
  name: 'Redmine',
  isAtlassian: false,
  paths: PLAIN_PATHS,
  servesGit: false,
  anonymous: 'deny',
  passwords: 'deny',
  loginFields: false,
  tokenPlaces: { headers: ['x-redmine-api-key'], schemes: [] },
  bearer: { header: 'X-Redmine-API-Key', prefix: '' },
  refusalSigns: null,
  actAs: { headers: ['x-redmine-switch-user'], users: [], credentials: ['key'] },
  nativeTokens: null,
  session: { cookie: '_redmine_session', parameters: [] },
  whoAmI: { path: '/users/current.json', account: { of: 'user', member: 'login' } },
  errorMember: null,
  // Its REST API has no call for it.
  version: null,
  proposedExceptions: [],
  proposedTokenPaths: [],
  blockedPaths: [
    // The answers about a user have the API key, and a change sets a password or a mail address for a new one.
    { path: '/users/**' },
    { method: 'POST', path: '/users*' },
    { path: '/my*' },
    { path: '/my/**' },
    { path: '/account/**' },
    { path: '/login*' },
    // Imports of users set passwords.
    { method: 'POST', path: '/imports*' },
    // The keys of the repository and mail calls.
    { path: '/settings*' },
    { path: '/settings/**' },
    { path: '/oauth/**' },
  ],
};
