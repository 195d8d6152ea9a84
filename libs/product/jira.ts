import { AUTHORIZATION_BEARER, SERAPH_SIGNS } from '@scopegate/upstream';
import {
  ATLASSIAN_BLOCKED_PATHS,
  ATLASSIAN_PATHS,
  NO_ACT_AS,
  OWN_CREDENTIAL,
  SERVLET_SESSION,
  type Product,
  type ProposedException,
} from './product.js';

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
  // Jira Cloud names its users by their mail address.
  whoAmI: { path: '/rest/api/2/myself', account: { member: 'name', instead: 'emailAddress' } },
  health: '/status',
  errorMember: 'errorMessages',
  version: { typeIds: ['jira'], propertiesPath: '/rest/api/2/serverInfo' },
  proposedExceptions: [
    ...inEachVersion('search', '/search'),
    // Of Jira Cloud.
    ...inEachVersion('search-jql', '/search/jql'),
    ...inEachVersion('jql-parse', '/jql/parse'),
    ...inEachVersion('worklog-list', '/worklog/list'),
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
  presets: [
    {
      name: 'jira',
      title: 'Jira Data Center and Server',
      description: 'Each user makes a personal access token in Jira and stores it as "bearer".',
      identity: OWN_CREDENTIAL,
    },
    {
      name: 'jira-cloud',
      title: 'Jira Cloud',
      description:
        'Each user makes an API token in the Atlassian account and stores it as "basic", with the mail address as ' +
        '"username". If user names are not mail addresses, "identity.accounts" says which mail address belongs to whom.',
      identity: OWN_CREDENTIAL,
    },
  ],
};

function inEachVersion(name: string, path: string): readonly ProposedException[] {
  return ['2', '3', 'latest'].map((version) => ({ name, method: 'POST', path: `/rest/api/${version}${path}` }));
}
