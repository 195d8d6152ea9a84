import { AUTHORIZATION_BEARER, SERAPH_SIGNS } from '@scopegate/upstream';
import {
  ATLASSIAN_BLOCKED_PATHS,
  ATLASSIAN_PATHS,
  NO_ACT_AS,
  OWN_CREDENTIAL,
  SERVLET_SESSION,
  type Product,
} from './product.js';

export const BITBUCKET: Product = {
  name: 'Bitbucket',
  isAtlassian: true,
  paths: { ...ATLASSIAN_PATHS, rest: ['/rest', '/scm'] },
  servesGit: true,
  anonymous: 'allow',
  passwords: 'forward',
  loginFields: false,
  tokenPlaces: null,
  bearer: AUTHORIZATION_BEARER,
  refusalSigns: SERAPH_SIGNS,
  actAs: NO_ACT_AS,
  nativeTokens: {
    since: null,
    prefixes: ['BBDC-'],
    appManagement: 'Administration › Manage apps (/plugins/servlet/upm)',
  },
  session: { ...SERVLET_SESSION, cookie: 'BITBUCKETSESSIONID' },
  whoAmI: { path: '/plugins/servlet/applinks/whoami', account: 'text' },
  health: '/status',
  errorMember: 'errors',
  // Bitbucket's original name was Stash.
  version: { typeIds: ['bitbucket', 'stash'], propertiesPath: '/rest/api/1.0/application-properties' },
  proposedExceptions: [],
  proposedTokenPaths: [{ path: '/projects/*/repos/*/raw/**' }, { path: '/users/*/repos/*/raw/**' }],
  blockedPaths: [
    ...ATLASSIAN_BLOCKED_PATHS,
    // Its keys work over SSH, where no gateway stands.
    { method: 'POST', path: '/rest/ssh/*/keys*' },
    { method: 'POST', path: '/rest/keys/**' },
    { method: 'PUT', path: '/rest/keys/**' },
    { method: 'PUT', path: '/rest/api/*/users/credentials*' },
    { method: 'PUT', path: '/rest/api/*/admin/users/credentials*' },
  ],
  presets: [
    {
      name: 'bitbucket',
      title: 'Bitbucket Data Center and Server',
      description: 'Each user makes an HTTP access token in Bitbucket and stores it as "bearer".',
      identity: OWN_CREDENTIAL,
    },
  ],
};
