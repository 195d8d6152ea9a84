import { PLAIN_PATHS } from '@scopegate/path';
import { AUTHORIZATION_BEARER } from '@scopegate/upstream';
import { atAndBelow, OWN_CREDENTIAL, type Product } from './product.js';

/** Groups have at most this many levels, and a pattern has a fixed depth. */
const MAX_LEVELS = 20;

/** Of every group and project. */
const NAMESPACES: readonly string[] = Array.from({ length: MAX_LEVELS + 1 }, (_, index) => '/*'.repeat(index + 1));

export const GITLAB: Product = {
  name: 'GitLab',
  isAtlassian: false,
  paths: PLAIN_PATHS,
  servesGit: false,
  anonymous: 'deny',
  passwords: 'deny',
  loginFields: false,
  tokenPlaces: { headers: ['private-token'], schemes: [] },
  bearer: AUTHORIZATION_BEARER,
  refusalSigns: null,
  actAs: {
    headers: ['sudo', 'job-token', 'deploy-token', 'x-gitlab-static-object-token'],
    parameters: ['sudo', 'private_token', 'access_token', 'bearer_token', 'job_token', 'feed_token'],
    numbersAreIds: true,
    templates: { Sudo: '{username}' },
  },
  nativeTokens: null,
  session: { cookie: '_gitlab_session', parameters: [] },
  whoAmI: { path: '/api/v4/user', account: { member: 'username' } },
  health: '/-/health',
  errorMember: 'message',
  // It states its version only to its users.
  version: null,
  // GraphQL is not among them: the body alone says what it does.
  proposedExceptions: NAMESPACES.slice(1).map((project) => ({
    name: 'git-fetch',
    method: 'POST',
    path: `${project}/git-upload-pack`,
  })),
  proposedTokenPaths: [],
  blockedPaths: [
    ...[
      '/api/*/personal_access_tokens',
      '/api/*/user/personal_access_tokens',
      '/api/*/users/*/personal_access_tokens',
      '/api/*/users/*/impersonation_tokens',
      '/api/*/projects/*/access_tokens',
      '/api/*/groups/*/access_tokens',
      '/api/*/groups/*/manage',
      '/api/*/service_accounts',
      '/api/*/groups/*/service_accounts',
      '/api/*/projects/*/service_accounts',
      '/api/*/user/keys',
      '/api/*/users/*/keys',
      '/api/*/user/gpg_keys',
      '/api/*/users/*/gpg_keys',
      '/api/*/deploy_tokens',
      '/api/*/projects/*/deploy_tokens',
      '/api/*/groups/*/deploy_tokens',
      '/api/*/deploy_keys',
      '/api/*/projects/*/deploy_keys',
      '/api/*/projects/*/triggers',
      '/api/*/projects/*/cluster_agents/*/tokens',
      '/api/*/user/runners',
      '/api/*/projects/*/runners/reset_registration_token',
      '/api/*/groups/*/runners/reset_registration_token',
      // The tokens that register runners are among them.
      '/api/*/application/settings',
      // OAuth applications, with their secrets.
      '/api/*/applications',
      '/oauth',
      // Its mutations make tokens of several kinds, and they are named in the body.
      '/api/graphql',
      '/jwt',
      // A mail address is enough for a new password.
      '/api/*/user/emails',
      '/api/*/users/*/emails',
      // Pages, for an application that trusts an identity header there.
      '/-/user_settings',
      '/-/profile',
      '/profile',
      '/admin',
      '/users/sign_in',
      '/users/password',
      ...NAMESPACES.map((namespace) => `${namespace}/-/settings`),
      // Git LFS: the answer has a token for its transfers, or repeats the Authorization that GitLab was sent.
      ...NAMESPACES.map((namespace) => `${namespace}/info/lfs/objects/batch`),
    ].flatMap(atAndBelow),
    // Runners, with a token of their own.
    { method: 'POST', path: '/api/*/runners*' },
    { method: 'POST', path: '/api/*/runners/**' },
    // New users and passwords.
    { method: 'POST', path: '/api/*/users*' },
    { method: 'PUT', path: '/api/*/users/*' },
  ],
  presets: [
    {
      name: 'gitlab',
      title: 'GitLab',
      description:
        'Each user makes a personal access token and stores it as "bearer". It is for the API: GitLab refuses it for git ' +
        'over HTTP. Or one token of an administrator with the scopes "api" and "sudo" acts for every user by Sudo. ' +
        'Projects and groups show "runners_token" to those who maintain them: disable runner registration tokens. ' +
        'GraphQL and Git LFS are refused, because their answers can show a credential.',
      identity: OWN_CREDENTIAL,
    },
  ],
};
