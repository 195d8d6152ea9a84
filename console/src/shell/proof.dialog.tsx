import { useState, useSyncExternalStore, type ReactNode } from 'react';
import { promptStore, type Prompt } from '../api/prompts';
import { Button } from '../components/button';
import { Dialog, DialogActions } from '../components/dialog';
import { TextField } from '../components/field';
import { Form } from '../components/form';
import { ProblemNotice } from '../components/notice';
import { useLogin, useLoginMethods, useStepUp, type Session } from '../data/session';
import { proofAddress } from '../pages/login/oidc';

const TEXTS = {
  login: {
    title: 'Log in again',
    description: 'Your session has ended. This page stays as it is, and goes on after the login.',
    action: 'Log in',
  },
  'step-up': {
    title: 'Confirm that it is you',
    description: 'Changes like this need a new proof 15 minutes after the last login.',
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
  const { title, description } = TEXTS[prompt.kind];
  return (
    <Dialog isOpen onClose={() => prompt.settle(false)} title={title} description={description}>
      {session.method === 'oidc' ? (
        <ProofAtProvider prompt={prompt} />
      ) : (
        <ProofByPassword prompt={prompt} username={session.username} />
      )}
    </Dialog>
  );
}

interface ProofByPasswordProps {
  readonly prompt: Prompt;
  readonly username: string;
}

function ProofByPassword({ prompt, username }: ProofByPasswordProps): ReactNode {
  const [password, setPassword] = useState('');
  const login = useLogin();
  const stepUp = useStepUp();
  const { title, action } = TEXTS[prompt.kind];
  const proof = prompt.kind === 'login' ? login : stepUp;
  const submit = (): void => {
    const done = { onSuccess: () => prompt.settle(true) };
    if (prompt.kind === 'login') login.mutate({ username, password }, done);
    else stepUp.mutate(password, done);
  };
  return (
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
  );
}

/** The provider has its own page. It opens in a new tab, so that this one keeps what was typed. */
function ProofAtProvider({ prompt }: { readonly prompt: Prompt }): ReactNode {
  const methods = useLoginMethods();
  return (
    <>
      <p>
        <a href={proofAddress(prompt.kind)} target="_blank" rel="noreferrer" data-first>
          Log in at {methods.data?.oidcLabel ?? 'your organisation'} (new tab)
        </a>
      </p>
      <p>Then come back to this tab and continue.</p>
      <DialogActions>
        <Button onClick={() => prompt.settle(false)}>Cancel</Button>
        <Button look="primary" onClick={() => prompt.settle(true)}>
          Continue
        </Button>
      </DialogActions>
    </>
  );
}
