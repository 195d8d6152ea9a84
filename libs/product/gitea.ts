import { PLAIN_PATHS } from '@scopegate/path';
import { AUTHORIZATION_BEARER } from '@scopegate/upstream';
import { atAndBelow, OWN_CREDENTIAL, type Product } from './product.js';

export const GITEA: Product = {
  name: 'Gitea',
  isAtlassian: false,
  paths: PLAIN_PATHS,
  servesGit: false,
  anonymous: 'deny',
  passwords: 'deny',
  loginFields: false,
  tokenPlaces: { headers: [], schemes: ['token'] },
  bearer: AUTHORIZATION_BEARER,
  refusalSigns: null,
  actAs: {
    // The others are the defaults of its sign-on by a proxy.
    headers: ['sudo', 'x-webauth-user', 'x-webauth-email', 'x-webauth-fullname'],
    parameters: ['sudo', 'token', 'access_token'],
    numbersAreIds: false,
    templates: { Sudo: '{username}' },
  },
  nativeTokens: null,
  session: { cookie: 'i_like_gitea', parameters: [] },
  whoAmI: { path: '/api/v1/user', account: { member: 'login' } },
  health: '/api/healthz',
  errorMember: 'message',
  version: { typeIds: null, propertiesPath: '/api/v1/version' },
  proposedExceptions: [{ name: 'git-fetch', method: 'POST', path: '/*/*/git-upload-pack' }],
  proposedTokenPaths: [],
  blockedPaths: [
    '/api/*/users/*/tokens',
    '/api/*/user/keys',
    '/api/*/user/gpg_keys',
    '/api/*/user/applications',
    // A mail address is enough for a new password.
    '/api/*/user/emails',
    '/api/*/repos/*/*/keys',
    '/api/*/user/actions/runners',
    '/api/*/orgs/*/actions/runners',
    '/api/*/repos/*/*/actions/runners',
    '/api/*/admin/runners',
    '/api/*/admin/actions/runners',
    '/api/*/admin/users',
    // Git LFS: the answers repeat the Authorization that Gitea was sent.
    '/*/*/info/lfs/objects',
    // Its token for the package registry works on for a day.
    '/v2/token',
    '/login',
    // Pages, for an application that trusts an identity header there.
    '/user/settings',
    '/user/login',
    '/user/sign_up',
    '/user/forgot_password',
    '/admin',
    '/-/admin',
    '/org/*/settings',
    '/*/*/settings/keys',
    '/*/*/settings/actions',
  ].flatMap(atAndBelow),
  presets: [
    {
      name: 'gitea',
      title: 'Gitea and Forgejo',
      description:
        'Each user makes an access token under Settings, Applications, and stores it as "basic" with the user name, ' +
        'which also works for git, or as "bearer" for the API alone. Or one token of an administrator with the scope ' +
        '"sudo" acts for every user by Sudo. Git LFS is refused, because its answers repeat the credential.',
      identity: OWN_CREDENTIAL,
    },
  ],
};
