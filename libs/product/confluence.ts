import { AUTHORIZATION_BEARER, SERAPH_SIGNS } from '@scopegate/upstream';
import {
  ATLASSIAN_BLOCKED_PATHS,
  ATLASSIAN_PATHS,
  NO_ACT_AS,
  OWN_CREDENTIAL,
  SERVLET_SESSION,
  type Product,
} from './product.js';

export const CONFLUENCE: Product = {
  name: 'Confluence',
  isAtlassian: true,
  paths: { ...ATLASSIAN_PATHS, remoteApi: true },
  servesGit: false,
  anonymous: 'allow',
  passwords: 'forward',
  loginFields: true,
  tokenPlaces: null,
  bearer: AUTHORIZATION_BEARER,
  refusalSigns: SERAPH_SIGNS,
  actAs: NO_ACT_AS,
  nativeTokens: {
    since: '7.9',
    prefixes: [],
    appManagement: 'General configuration › Manage apps (/plugins/servlet/upm)',
  },
  session: SERVLET_SESSION,
  whoAmI: { path: '/rest/api/user/current', account: { member: 'username' } },
  health: '/status',
  errorMember: 'message',
  version: { typeIds: ['confluence'], propertiesPath: null },
  proposedExceptions: [],
  proposedTokenPaths: [{ path: '/download/attachments/**' }, { path: '/download/thumbnails/**' }],
  blockedPaths: [
    ...ATLASSIAN_BLOCKED_PATHS,
    { method: 'POST', path: '/rest/api/user/current/password*' },
    { method: 'POST', path: '/rest/api/admin/user/*/password*' },
  ],
  presets: [
    {
      name: 'confluence',
      title: 'Confluence Data Center and Server',
      description: 'Each user makes a personal access token in Confluence and stores it as "bearer".',
      identity: OWN_CREDENTIAL,
    },
  ],
};
