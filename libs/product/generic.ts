import { PLAIN_PATHS } from '@scopegate/path';
import { AUTHORIZATION_BEARER } from '@scopegate/upstream';
import { NO_ACT_AS, SERVLET_SESSION, type Product } from './product.js';

export const GENERIC: Product = {
  name: 'the application',
  isAtlassian: false,
  paths: PLAIN_PATHS,
  servesGit: false,
  anonymous: 'deny',
  passwords: 'deny',
  loginFields: false,
  tokenPlaces: null,
  bearer: AUTHORIZATION_BEARER,
  refusalSigns: null,
  actAs: NO_ACT_AS,
  nativeTokens: null,
  // It may also run in a servlet container.
  session: SERVLET_SESSION,
  whoAmI: null,
  health: '/',
  errorMember: null,
  version: null,
  proposedExceptions: [],
  proposedTokenPaths: [],
  blockedPaths: [],
  presets: [
    {
      name: 'generic',
      title: 'Any other application',
      description:
        'The application takes the user from the header X-Forwarded-User, and accepts it from the gateway alone.',
      identity: { mode: 'headers', headers: { 'X-Forwarded-User': '{username}' } },
    },
  ],
};
