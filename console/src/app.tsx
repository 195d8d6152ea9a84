import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, useState, type ReactNode } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import { Loading } from './components/data-table';
import { CanExplain, ProblemNotice } from './components/notice';
import { Page } from './components/page';
import { createQueryClient } from './data/query-client';
import { useSession, type Session } from './data/session';
import { AfterLoginPage, LoggedInPage } from './pages/login/logged-in.page';
import { LoginPage } from './pages/login/login.page';
import { PROVEN_PATH } from './pages/login/oidc';
import { navigateIfAllowed } from './shell/unsaved';
import { ProofDialog } from './shell/proof.dialog';
import { ADMINISTRATOR_ROUTES, USER_ROUTES } from './shell/routes';
import { Shell } from './shell/shell';

export function App(): ReactNode {
  const [queries] = useState(createQueryClient);
  return (
    // The strict policy of the page allows no style elements.
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <Router base="/console" aroundNav={navigateIfAllowed}>
          <Gate />
        </Router>
      </QueryClientProvider>
    </CSPProvider>
  );
}

/** Opens after the login. */
const HOME = USER_ROUTES[0]?.path ?? '/';

/** Shows the login to whoever has no session, and the console to the others. */
function Gate(): ReactNode {
  const session = useSession();
  if (session.isPending) return <Loading />;
  // A page that is open stays, also if the server cannot be reached for a while.
  if (session.data === undefined) return <ProblemNotice problem={session.error} />;
  return session.data === null ? <LoginPage /> : <Console key={session.data.username} session={session.data} />;
}

function Console({ session }: { readonly session: Session }): ReactNode {
  const routes = session.administrator ? [...USER_ROUTES, ...ADMINISTRATOR_ROUTES] : USER_ROUTES;
  return (
    <>
      <CanExplain value>
        <Shell session={session}>
          <Suspense fallback={<Loading />}>
            <Switch>
              {routes.map(({ path, page }) => (
                <Route key={path} path={`${path}/*?`} component={page} />
              ))}
              <Route path="/">
                <Redirect to={HOME} replace />
              </Route>
              <Route path="/login">
                <AfterLoginPage home={HOME} />
              </Route>
              <Route path={PROVEN_PATH} component={LoggedInPage} />
              <Route>
                <Page title="There is no such page">
                  <p>The address leads nowhere, or the page is for administrators. Choose a page of the menu.</p>
                </Page>
              </Route>
            </Switch>
          </Suspense>
        </Shell>
      </CanExplain>
      <ProofDialog session={session} />
    </>
  );
}
