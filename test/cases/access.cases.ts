import { ACTING_CASES } from './acting.cases.js';
import type { AccessCase } from './access-case.js';
import { ADDRESS_CASES } from './address.cases.js';
import { CORPUS_CASES } from './corpus.cases.js';
import { CORS_CASES } from './cors.cases.js';
import { DESTINATION_CASES } from './destination.cases.js';
import { GIT_CASES } from './git.cases.js';
import { LISTED_PATH_CASES } from './listed-path.cases.js';
import { MANAGEMENT_CASES } from './management.cases.js';
import { MISPLACED_TOKEN_CASES } from './misplaced-token.cases.js';
import { NATIVE_TOKEN_CASES } from './native-token.cases.js';
import { OTHER_IDENTITY_CASES } from './other-identity.cases.js';
import { PASSWORD_CASES } from './password.cases.js';
import { PATH_CASES } from './path.cases.js';
import { PRESENTED_TOKEN_CASES } from './presented-token.cases.js';
import { REMOTE_API_CASES } from './remote-api.cases.js';
import { REQUEST_FORM_CASES } from './request-form.cases.js';
import { SESSION_CASES } from './session.cases.js';
import { SCOPE_CASES } from './scope.cases.js';
import { SESSION_LOGIN_CASES } from './session-login.cases.js';
import { TOKEN_STATE_CASES } from './token-state.cases.js';
import { UPSTREAM_CREDENTIAL_CASES } from './upstream-credential.cases.js';
import { UPGRADE_CASES } from './upgrade.cases.js';
import { VENDOR_TOKENS_CASES } from './vendor-tokens.cases.js';

/** The whole table: what the pure decision, the proxied routes and every other door have to answer. */
export const ACCESS_CASES: readonly AccessCase[] = [
  ...SCOPE_CASES,
  ...SESSION_LOGIN_CASES,
  ...SESSION_CASES,
  ...GIT_CASES,
  ...TOKEN_STATE_CASES,
  ...ADDRESS_CASES,
  ...PASSWORD_CASES,
  ...PATH_CASES,
  ...REMOTE_API_CASES,
  ...NATIVE_TOKEN_CASES,
  ...LISTED_PATH_CASES,
  ...DESTINATION_CASES,
  ...PRESENTED_TOKEN_CASES,
  ...MISPLACED_TOKEN_CASES,
  ...OTHER_IDENTITY_CASES,
  ...CORS_CASES,
  ...REQUEST_FORM_CASES,
  ...UPGRADE_CASES,
  ...ACTING_CASES,
  ...UPSTREAM_CREDENTIAL_CASES,
  ...MANAGEMENT_CASES,
  ...VENDOR_TOKENS_CASES,
  ...CORPUS_CASES,
];
