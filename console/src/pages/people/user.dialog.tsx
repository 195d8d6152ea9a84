import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Dialog, DialogActions } from '../../components/dialog';
import { Checkbox, FieldRow, RadioGroup, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { NamesField } from '../../components/names-field';
import { isLocal } from '../../data/directories';
import { useAllGroups } from '../../data/groups';
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
  const isOwn = user === null || isLocal(user);
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
    <Dialog
      isOpen
      onClose={onClose}
      title={user === null ? 'New user' : `Edit ${user.username}`}
      description={
        isOwn
          ? undefined
          : `This user comes from the directory “${user.directory}”. Name, mail address, password and whether it is active are changed there. The groups that are kept here can be changed.`
      }
    >
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
        {isOwn ? <NamesOfUser typed={typed} problem={problem} onChange={set} /> : null}
        <GroupsOfUser typed={typed} error={errorAt(problem, 'groups')} onChange={set} />
        {isOwn ? <LoginOfUser isNew={user === null} typed={typed} problem={problem} onChange={set} /> : null}
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

interface PartsOfUserProps {
  readonly typed: TypedUser;
  readonly problem: Error | null;
  readonly onChange: (change: Partial<TypedUser>) => void;
}

function NamesOfUser({ typed, problem, onChange }: PartsOfUserProps): ReactNode {
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

function LoginOfUser({ isNew, typed, problem, onChange }: PartsOfUserProps & { readonly isNew: boolean }): ReactNode {
  return (
    <>
      <PasswordOfUser isNew={isNew} typed={typed} error={errorAt(problem, 'password')} onChange={onChange} />
      <Checkbox
        label="Active"
        hint="An inactive user cannot log in, and all its tokens are refused."
        isChosen={typed.active}
        error={errorAt(problem, 'active')}
        onChange={(active) => onChange({ active })}
      />
    </>
  );
}

interface PartProps {
  readonly typed: TypedUser;
  readonly error: string | null;
  readonly onChange: (change: Partial<TypedUser>) => void;
}

/** The groups of a directory have the members that they have there. */
function GroupsOfUser({ typed, error, onChange }: PartProps): ReactNode {
  const all = useAllGroups();
  const foreign = new Set(all.data?.flatMap((group) => (isLocal(group) ? [] : [group.name])));
  const fixed = typed.groups.filter((group) => foreign.has(group));
  return (
    <NamesField
      label="Groups"
      hint={
        <>
          Members of administrators may do everything here.
          {fixed.length === 0 ? null : ` From the directory, and changed there: ${fixed.join(', ')}.`}
        </>
      }
      value={typed.groups.filter((group) => !foreign.has(group))}
      proposals={all.data?.flatMap((group) => (isLocal(group) ? [group.name] : [])) ?? []}
      error={error}
      onChange={(groups) => onChange({ groups: [...fixed, ...groups] })}
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
