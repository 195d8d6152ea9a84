import type { ReactNode } from 'react';
import { Redirect } from 'wouter';
import { Notice } from '../../components/notice';
import { Page } from '../../components/page';
import { LoginFailure } from './login.page';
import { oidcProblem } from './oidc';

/** The end of a login in a tab of its own (R99). */
export function LoggedInPage(): ReactNode {
  return (
    <Page title="You are logged in">
      <Notice kind="good" title="Close this tab">
        Go on in the tab that you came from: what you typed is still there.
      </Notice>
    </Page>
  );
}

interface AfterLoginProps {
  /** The page that opens after a login. */
  readonly home: string;
}

/** The login page, for somebody who has a session: a login again at the provider may have failed. */
export function AfterLoginPage({ home }: AfterLoginProps): ReactNode {
  if (oidcProblem(window.location.search) === null) return <Redirect to={home} replace />;
  return (
    <Page title="You are still logged in as before">
      <LoginFailure />
    </Page>
  );
}
