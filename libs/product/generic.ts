import { PLAIN_PATHS } from '@scopegate/path';
import { SERVLET_SESSION, type Product } from './product.js';

/** Any other application: every path is REST, and nothing has a meaning of its own. */
export const GENERIC: Product = {
  name: 'the application',
  isAtlassian: false,
  paths: PLAIN_PATHS,
  servesGit: false,
  anonymous: 'deny',
  loginFields: false,
  nativeTokens: null,
  // It may run in a servlet container as well.
  session: SERVLET_SESSION,
  whoAmI: null,
  version: null,
  proposedExceptions: [],
};
