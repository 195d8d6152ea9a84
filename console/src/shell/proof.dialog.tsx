import { useState, useSyncExternalStore, type ReactNode } from 'react';
import { promptStore, type Prompt } from '../api/prompts';
import { Button } from '../components/button';
import { Dialog, DialogActions } from '../components/dialog';
import { TextField } from '../components/field';
import { Form } from '../components/form';
import { ProblemNotice } from '../components/notice';
import { useLogin, useStepUp, type Session } from '../data/session';
import { oidcAddress } from '../pages/login/oidc';

const TEXTS = {
  login: {
    title: 'Log in again',
    description: 'Your session has ended. This page stays as it is, and goes on after the login.',
    action: 'Log in',
  },
  'step-up': {
    title: 'Confirm that it is you',
    description: 'Changes like this ask for your password again after 15 minutes.',
    action: 'Confirm',
  },
} as const;

/** In front of the page when a call needs another proof (R99). Nothing that was typed is lost. */
export function ProofDialog({ session }: { readonly session: Session }): ReactNode {
  const prompt = useSyncExternalStore(promptStore.subscribe, promptStore.current);
  return prompt === null ? null : <OpenProofDialog prompt={prompt} session={session} />;
}

interface OpenProofDialogProps {
  readonly prompt: Prompt;
  readonly session: Session;
}

function OpenProofDialog({ prompt, session }: OpenProofDialogProps): ReactNode {
  const { username, method } = session;
  const [password, setPassword] = useState('');
  const login = useLogin();
  const stepUp = useStepUp();
  const { title, description, action } = TEXTS[prompt.kind];
  const proof = prompt.kind === 'login' ? login : stepUp;
  const submit = (): void => {
    const done = { onSuccess: () => prompt.settle(true) };
    if (prompt.kind === 'login') login.mutate({ username, password }, done);
    else stepUp.mutate(password, done);
  };
  return (
    <Dialog isOpen onClose={() => prompt.settle(false)} title={title} description={description}>
      {method === 'oidc' ? (
        <a href={oidcAddress(window.location, prompt.kind === 'step-up')}>
          Go to your organisation’s login. What you typed on this page is lost.
        </a>
      ) : (
        <Form onSubmit={submit} label={title}>
          <TextField label="User name" value={username} onChange={() => undefined} readOnly autoComplete="username" />
          <TextField
            label="Password"
            type="password"
            value={password}
            onChange={setPassword}
            autoComplete="current-password"
          />
          <ProblemNotice problem={proof.error} />
          <DialogActions>
            <Button onClick={() => prompt.settle(false)}>Cancel</Button>
            <Button type="submit" look="primary" isBusy={proof.isPending}>
              {action}
            </Button>
          </DialogActions>
        </Form>
      )}
    </Dialog>
  );
}
