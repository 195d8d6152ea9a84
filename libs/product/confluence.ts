import { ATLASSIAN_PATHS, SERVLET_SESSION, type Product } from './product.js';

export const CONFLUENCE: Product = {
  name: 'Confluence',
  isAtlassian: true,
  paths: { ...ATLASSIAN_PATHS, remoteApi: true },
  servesGit: false,
  anonymous: 'allow',
  passwords: 'forward',
  loginFields: true,
  nativeTokens: {
    since: '7.9',
    prefixes: [],
    appManagement: 'General configuration › Manage apps (/plugins/servlet/upm)',
  },
  session: SERVLET_SESSION,
  whoAmI: { path: '/rest/api/user/current', account: { member: 'username' } },
  version: { typeIds: ['confluence'], propertiesPath: null },
  proposedExceptions: [{ method: 'POST', path: '/rest/api/contentbody/convert/*' }],
};
