import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Dialog, DialogActions } from '../../components/dialog';
import { Checkbox, FieldRow, RadioGroup, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { NamesField } from '../../components/names-field';
import { useGroupNames } from '../../data/groups';
import { useCreateUser, useUpdateUser, type User } from '../../data/users';
import { errorAt } from '../../documents/field-texts';
import { TopProblem } from '../../documents/warnings';
import { emptyUser, newUserOf, patchOf, typedOf, type TypedUser } from './typed-user';

interface UserDialogProps {
  /** Null makes a new one. */
  readonly user: User | null;
  readonly onClose: () => void;
  readonly onDone: (message: string) => void;
}

const FIELDS = ['username', 'displayName', 'email', 'password', 'active', 'groups'] as const;

/** A new user, or the members of one that may be changed. */
export function UserDialog({ user, onClose, onDone }: UserDialogProps): ReactNode {
  const create = useCreateUser();
  const update = useUpdateUser();
  const [typed, setTyped] = useState(() => (user === null ? emptyUser() : typedOf(user)));
  const problem = create.error ?? update.error;
  const set = (change: Partial<TypedUser>): void => setTyped((before) => ({ ...before, ...change }));
  const submit = (): void => {
    if (user === null) {
      create.mutate(newUserOf(typed), { onSuccess: ({ username }) => onDone(`The user ${username} is created.`) });
    } else {
      update.mutate(
        { username: user.username, patch: patchOf(typed, user) },
        { onSuccess: ({ username }) => onDone(`The user ${username} is changed.`) },
      );
    }
  };
  return (
    <Dialog isOpen onClose={onClose} title={user === null ? 'New user' : `Edit ${user.username}`}>
      <Form label="User" onSubmit={submit}>
        <TopProblem problem={problem} fields={FIELDS} />
        {user === null ? (
          <TextField
            label="User name"
            hint="For logging in. Upper and lower case are the same."
            value={typed.username}
            error={errorAt(problem, 'username')}
            autoComplete="off"
            spellCheck={false}
            onChange={(username) => set({ username })}
          />
        ) : null}
        <NamesOfUser typed={typed} problem={problem} onChange={set} />
        <GroupsOfUser typed={typed} error={errorAt(problem, 'groups')} onChange={set} />
        <PasswordOfUser isNew={user === null} typed={typed} error={errorAt(problem, 'password')} onChange={set} />
        <Checkbox
          label="Active"
          hint="An inactive user cannot log in, and all its tokens are refused."
          isChosen={typed.active}
          error={errorAt(problem, 'active')}
          onChange={(active) => set({ active })}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isBusy={create.isPending || update.isPending}>
            {user === null ? 'Create' : 'Save'}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

interface NamesOfUserProps {
  readonly typed: TypedUser;
  readonly problem: Error | null;
  readonly onChange: (change: Partial<TypedUser>) => void;
}

function NamesOfUser({ typed, problem, onChange }: NamesOfUserProps): ReactNode {
  return (
    <FieldRow>
      <TextField
        label="Full name"
        value={typed.displayName}
        error={errorAt(problem, 'displayName')}
        autoComplete="off"
        onChange={(displayName) => onChange({ displayName })}
      />
      <TextField
        label="Mail address"
        type="email"
        value={typed.email}
        error={errorAt(problem, 'email')}
        autoComplete="off"
        onChange={(email) => onChange({ email })}
      />
    </FieldRow>
  );
}

interface PartProps {
  readonly typed: TypedUser;
  readonly error: string | null;
  readonly onChange: (change: Partial<TypedUser>) => void;
}

function GroupsOfUser({ typed, error, onChange }: PartProps): ReactNode {
  const names = useGroupNames();
  return (
    <NamesField
      label="Groups"
      hint="Members of administrators may do everything here."
      value={typed.groups}
      proposals={names.data ?? []}
      error={error}
      onChange={(groups) => onChange({ groups })}
    />
  );
}

function PasswordOfUser({ isNew, typed, error, onChange }: PartProps & { readonly isNew: boolean }): ReactNode {
  return (
    <>
      <RadioGroup
        legend="Password"
        value={typed.passwordChoice}
        options={[
          ...(isNew ? [] : [{ value: 'keep', label: 'Keep it as it is' } as const]),
          { value: 'set', label: isNew ? 'Give a password' : 'Give a new password' },
          { value: 'none', label: 'No password', hint: 'The user can have tokens, and cannot log in.' },
        ]}
        error={typed.passwordChoice === 'set' ? null : error}
        onChange={(passwordChoice) => onChange({ passwordChoice })}
      />
      {typed.passwordChoice === 'set' ? (
        <TextField
          label={isNew ? 'Password of the user' : 'New password'}
          hint="At least 12 characters."
          type="password"
          autoComplete="new-password"
          value={typed.password}
          error={error}
          onChange={(password) => onChange({ password })}
        />
      ) : null}
    </>
  );
}
