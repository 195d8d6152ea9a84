import { PLAIN_PATHS } from '@scopegate/path';
import { OWN_CREDENTIAL, type Product } from './product.js';

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
  // From Redmine 6.1 on it also takes tokens of OAuth.
  actAs: {
    headers: ['x-redmine-switch-user'],
    parameters: ['key', 'access_token', 'bearer_token'],
    numbersAreIds: false,
    templates: { 'X-Redmine-Switch-User': '{username}' },
  },
  nativeTokens: null,
  session: { cookie: '_redmine_session', parameters: [] },
  whoAmI: { path: '/users/current.json', account: { of: 'user', member: 'login' } },
  health: '/robots.txt',
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
  presets: [
    {
      name: 'redmine',
      title: 'Redmine',
      description:
        'Switch the REST web service on. Each user takes the API access key from "My account" and stores it as ' +
        '"bearer". Or one key of an administrator acts for every user by X-Redmine-Switch-User. Pages in HTML have ' +
        'links with a key for Atom feeds, which reads them as the user after the token has ended: block these pages ' +
        'or switch feeds off if this matters.',
      identity: OWN_CREDENTIAL,
    },
  ],
};
