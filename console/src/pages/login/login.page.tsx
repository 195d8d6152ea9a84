import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { TextField } from '../../components/field';
import { Form } from '../../components/form';
import { Notice, ProblemNotice } from '../../components/notice';
import { Page } from '../../components/page';
import { useLogin, useLoginMethods, useProviderLogout } from '../../data/session';
import styles from './login.module.css';
import { oidcAddress, oidcProblem } from './oidc';

/** For somebody who is not logged in, whatever page was asked for: it opens after the login. */
export function LoginPage(): ReactNode {
  const methods = useLoginMethods();
  const login = useLogin();
  const providerLogout = useProviderLogout();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  return (
    <main className={styles.main}>
      <Page title="Log in to Scopegate">
        <LoginFailure />
        {providerLogout === null ? null : (
          <Notice kind="info" title="You are logged out of Scopegate">
            Your organisation still has your login. On a computer that others use,{' '}
            <a href={providerLogout}>log out there, too</a>.
          </Notice>
        )}
        {methods.data?.oidc === true ? (
          <>
            <a className={styles.oidc} href={oidcAddress(window.location)}>
              Log in with {methods.data.oidcLabel ?? 'your organisation'}
            </a>
            <div className={styles.or}>or with a password</div>
          </>
        ) : null}
        <Form onSubmit={() => login.mutate({ username, password })} label="Log in">
          <TextField label="User name" value={username} onChange={setUsername} autoComplete="username" required />
          <TextField
            label="Password"
            type="password"
            value={password}
            onChange={setPassword}
            autoComplete="current-password"
            required
          />
          <ProblemNotice problem={login.error} />
          <Button type="submit" look="primary" isBusy={login.isPending}>
            Log in
          </Button>
        </Form>
      </Page>
    </main>
  );
}

/** Why a login at the provider did not work, if the address says so. */
export function LoginFailure(): ReactNode {
  const failure = oidcProblem(window.location.search);
  if (failure === null) return null;
  return (
    <Notice kind="bad" title={failure.title}>
      {failure.remedy}
    </Notice>
  );
}
