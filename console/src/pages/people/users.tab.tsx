import { useDeferredValue, useState, type ReactNode } from 'react';
import { Badge } from '../../components/badge';
import { Button } from '../../components/button';
import { DataTable, type Column } from '../../components/data-table';
import { SelectField, TextField } from '../../components/field';
import { Notice } from '../../components/notice';
import { Section } from '../../components/page';
import { isLocal } from '../../data/directories';
import { useUsers, type User } from '../../data/users';
import { OfDirectory } from './of-directory';
import { DeleteUserDialog } from './delete-user.dialog';
import { ImportDialog } from './import.dialog';
import styles from './people.module.css';
import { RenameUserDialog } from './rename-user.dialog';
import { UserDialog } from './user.dialog';

type Open =
  { readonly kind: 'create' | 'import' } | { readonly kind: 'edit' | 'rename' | 'delete'; readonly user: User };

type State = 'all' | 'active' | 'inactive';

/** Users: searched, created, imported and changed. */
export function UsersTab(): ReactNode {
  const [q, setQ] = useState('');
  const [state, setState] = useState<State>('all');
  const [open, setOpen] = useState<Open | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const search = useDeferredValue(q.trim());
  const users = useUsers({
    ...(search === '' ? {} : { q: search }),
    ...(state === 'all' ? {} : { active: state === 'active' }),
  });
  const show = (next: Open): void => {
    setDone(null);
    setOpen(next);
  };
  return (
    <Section
      title="Users"
      actions={
        <div className={styles.buttons}>
          <Button onClick={() => show({ kind: 'import' })}>Import a file</Button>
          <Button look="primary" onClick={() => show({ kind: 'create' })}>
            New user
          </Button>
        </div>
      }
    >
      <Filters q={q} state={state} onSearch={setQ} onState={setState} />
      {done === null ? null : <Notice kind="good">{done}</Notice>}
      {users.rows?.every(isLocal) === false ? (
        <p className={styles.note}>
          Users with the name of a directory come from there: they are renamed, disabled and removed there, too. Here
          you change the groups that are kept here, and delete users who are inactive.
        </p>
      ) : null}
      <DataTable
        caption="Users"
        columns={columns(show)}
        keyOf={({ username }) => username}
        empty={
          search === '' && state === 'all'
            ? 'There are no users. Create one, or import a file.'
            : 'No user fits. Search for a part of the name or the mail address.'
        }
        {...users}
      />
      <OpenDialog
        open={open}
        onClose={() => setOpen(null)}
        onDone={(message) => {
          setOpen(null);
          setDone(message);
        }}
      />
    </Section>
  );
}

interface FiltersProps {
  readonly q: string;
  readonly state: State;
  readonly onSearch: (q: string) => void;
  readonly onState: (state: State) => void;
}

function Filters({ q, state, onSearch, onState }: FiltersProps): ReactNode {
  return (
    <div className={styles.filters}>
      <TextField label="Search" type="search" value={q} onChange={onSearch} placeholder="Name or mail address" />
      <SelectField
        label="State"
        value={state}
        options={[
          { value: 'all', label: 'All' },
          { value: 'active', label: 'Active' },
          { value: 'inactive', label: 'Inactive' },
        ]}
        onChange={onState}
      />
    </div>
  );
}

interface OpenDialogProps {
  readonly open: Open | null;
  readonly onClose: () => void;
  readonly onDone: (message: string) => void;
}

function OpenDialog({ open, ...closing }: OpenDialogProps): ReactNode {
  switch (open?.kind) {
    case undefined:
      return null;
    case 'create':
      return <UserDialog user={null} {...closing} />;
    case 'import':
      return <ImportDialog {...closing} />;
    case 'edit':
      return <UserDialog user={open.user} {...closing} />;
    case 'rename':
      return <RenameUserDialog user={open.user} {...closing} />;
    case 'delete':
      return <DeleteUserDialog user={open.user} {...closing} />;
  }
}

function columns(show: (open: Open) => void): readonly Column<User>[] {
  return [
    {
      title: 'User',
      isRowTitle: true,
      cell: (user) => (
        <>
          {user.displayName}
          <span className={styles.name}>{user.username}</span>
          <OfDirectory of={user} />
        </>
      ),
    },
    { title: 'Mail', cell: ({ email }) => email ?? '–' },
    {
      title: 'Groups',
      cell: ({ groups }) =>
        groups.length === 0 ? (
          '–'
        ) : (
          <span className={styles.badges}>
            {groups.map((group) => (
              <Badge key={group}>{group}</Badge>
            ))}
          </span>
        ),
    },
    {
      title: 'State',
      cell: ({ active }) => (active ? <Badge look="good">Active</Badge> : <Badge look="warning">Inactive</Badge>),
    },
    {
      title: 'Actions',
      cell: (user) => (
        <span className={styles.buttons}>
          <Button onClick={() => show({ kind: 'edit', user })} aria-label={`Edit ${user.username}`}>
            Edit
          </Button>
          {isLocal(user) ? (
            <Button look="quiet" onClick={() => show({ kind: 'rename', user })} aria-label={`Rename ${user.username}`}>
              Rename
            </Button>
          ) : null}
          {/* An active one of a directory would be back after the next synchronisation. */}
          {isLocal(user) || !user.active ? (
            <Button look="quiet" onClick={() => show({ kind: 'delete', user })} aria-label={`Delete ${user.username}`}>
              Delete
            </Button>
          ) : null}
        </span>
      ),
    },
  ];
}
