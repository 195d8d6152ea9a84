import { ATLASSIAN_PATHS, SERVLET_SESSION, type Product } from './product.js';

export const BITBUCKET: Product = {
  name: 'Bitbucket',
  isAtlassian: true,
  paths: { ...ATLASSIAN_PATHS, rest: ['/rest', '/scm'] },
  servesGit: true,
  anonymous: 'allow',
  passwords: 'forward',
  loginFields: false,
  nativeTokens: {
    since: null,
    prefixes: ['BBDC-'],
    appManagement: 'Administration › Manage apps (/plugins/servlet/upm)',
  },
  session: { ...SERVLET_SESSION, cookie: 'BITBUCKETSESSIONID' },
  whoAmI: { path: '/plugins/servlet/applinks/whoami', account: 'text' },
  // Bitbucket's original name was Stash.
  version: { typeIds: ['bitbucket', 'stash'], propertiesPath: '/rest/api/1.0/application-properties' },
  proposedExceptions: [],
};
