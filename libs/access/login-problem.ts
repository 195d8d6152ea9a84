/**
 * R96: why a login at the identity provider failed. The login page of the console gets the code in its address
 * (`?problem=`), and nothing that came from outside. The audit log has the exact cause.
 */
export const LOGIN_PROBLEMS = {
  oidc_login_lost: {
    title: 'This login cannot be continued',
    remedy: 'It took more than ten minutes, was finished already, or began in another browser. Log in again.',
  },
  oidc_login_denied: {
    title: 'The identity provider has not logged you in',
    remedy: 'Log in again, and do not cancel. If it happens again, ask an administrator of the identity provider.',
  },
  oidc_answer_invalid: {
    title: 'The answer of the identity provider is not valid',
    remedy: 'Log in again. If it happens again, an administrator finds the cause in the audit log.',
  },
  oidc_user_refused: {
    title: 'You cannot log in here with this account',
    remedy: 'The account belongs to no active user of Scopegate. Ask an administrator.',
  },
  oidc_step_up_refused: {
    title: 'Your login was not confirmed',
    remedy: 'Confirm it with the same account, and with your password or whatever the identity provider asks for.',
  },
  oidc_unavailable: {
    title: 'The identity provider cannot be reached',
    remedy: 'Try again in a moment, or log in with your password.',
  },
  too_many_failures: {
    title: 'Too many failed logins',
    remedy: 'Wait a minute, and log in again.',
  },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly remedy: string }>>;

export type LoginProblem = keyof typeof LOGIN_PROBLEMS;
