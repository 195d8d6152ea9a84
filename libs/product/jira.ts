import { AUTHORIZATION_BEARER, SERAPH_SIGNS } from '@scopegate/upstream';
import { ATLASSIAN_BLOCKED_PATHS, ATLASSIAN_PATHS, NO_ACT_AS, SERVLET_SESSION, type Product } from './product.js';

export const JIRA: Product = {
  name: 'Jira',
  isAtlassian: true,
  paths: { ...ATLASSIAN_PATHS, sessionEndpoint: true },
  servesGit: false,
  anonymous: 'allow',
  passwords: 'forward',
  loginFields: true,
  tokenPlaces: null,
  bearer: AUTHORIZATION_BEARER,
  refusalSigns: SERAPH_SIGNS,
  actAs: NO_ACT_AS,
  nativeTokens: {
    since: '8.14',
    prefixes: [],
    appManagement: 'Administration › Manage apps (/plugins/servlet/upm)',
  },
  session: SERVLET_SESSION,
  whoAmI: { path: '/rest/api/2/myself', account: { member: 'name' } },
  errorMember: 'errorMessages',
  version: { typeIds: ['jira'], propertiesPath: '/rest/api/2/serverInfo' },
  proposedExceptions: [
    { method: 'POST', path: '/rest/api/2/search' },
    { method: 'POST', path: '/rest/api/latest/search' },
    { method: 'POST', path: '/rest/api/2/worklog/list' },
    { method: 'POST', path: '/rest/api/latest/worklog/list' },
  ],
  proposedTokenPaths: [
    { path: '/secure/attachment/**' },
    { path: '/secure/thumbnail/**' },
    // Exports of searches and of single issues, such as CSV and XML.
    { path: '/sr/**' },
    { path: '/si/**' },
  ],
  blockedPaths: [
    ...ATLASSIAN_BLOCKED_PATHS,
    { method: 'PUT', path: '/rest/api/*/user/password*' },
    { method: 'PUT', path: '/rest/api/*/myself/password*' },
  ],
};
