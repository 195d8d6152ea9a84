import { useState, type ReactNode } from 'react';
import { ApiProblem } from '../../api/problem';
import { Button } from '../../components/button';
import { Dialog, DialogActions } from '../../components/dialog';
import { RadioGroup, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { ProblemNotice } from '../../components/notice';
import { useStoreCredential, type NewDeposit } from '../../data/own-credentials';
import type { Need } from './needs';

interface StoreCredentialDialogProps {
  readonly need: Need;
  readonly onClose: () => void;
  /** @param news what has happened, for the person */
  readonly onStored: (news: string) => void;
}

const TYPES = [
  {
    value: 'bearer',
    label: 'An access token or API key',
    hint: 'You create it in the settings of your account there. Best, because it can be ended alone.',
  },
  { value: 'basic', label: 'A user name with a password or API token' },
] as const;

/** It is tried at once: what the application refuses is not stored. */
export function StoreCredentialDialog({ need, onClose, onStored }: StoreCredentialDialogProps): ReactNode {
  const [type, setType] = useState<NewDeposit['type']>(need.deposit?.type ?? 'bearer');
  const [username, setUsername] = useState('');
  const [secret, setSecret] = useState('');
  const [isSecretMissing, setSecretMissing] = useState(false);
  const store = useStoreCredential();
  const refused = (field: string): string | null =>
    store.error instanceof ApiProblem ? store.error.messageFor(field) : null;
  const submit = (): void => {
    setSecretMissing(secret === '');
    if (secret === '') return;
    const account = username.trim();
    store.mutate(
      { application: need.key, type, secret, ...(type === 'basic' && account !== '' ? { username: account } : {}) },
      { onSuccess: ({ upstreamAccount }) => onStored(`${need.name} knows you as “${upstreamAccount}”. It works now.`) },
    );
  };
  const secretLabel = type === 'bearer' ? 'Token' : 'Password or API token';
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`${need.deposit === null ? 'Store' : 'Replace'} the credential for ${need.name}`}
      description="It is tried there now. It must belong to your own account."
    >
      <Form onSubmit={submit} label="Credential">
        <RadioGroup legend="What do you have?" value={type} options={TYPES} onChange={setType} />
        {type === 'basic' ? (
          <TextField
            label={`User name in ${need.name} (optional)`}
            hint="Empty: your account there, as Scopegate knows it."
            value={username}
            error={refused('username')}
            autoComplete="off"
            onChange={setUsername}
          />
        ) : null}
        <TextField
          label={secretLabel}
          type="password"
          hint="Stored encrypted, and never shown again."
          value={secret}
          error={isSecretMissing ? 'Give the credential.' : refused('secret')}
          autoComplete="off"
          required
          onChange={setSecret}
        />
        <ProblemNotice problem={store.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isBusy={store.isPending}>
            Try and store
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
