import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { DataTable, type Column } from '../../components/data-table';
import { ConfirmDialog } from '../../components/dialog';
import { TextField } from '../../components/field';
import { Form } from '../../components/form';
import { Notice } from '../../components/notice';
import { Section } from '../../components/page';
import { isLocal } from '../../data/directories';
import { useCreateGroup, useDeleteGroup, useGroups, type Group } from '../../data/groups';
import { errorAt } from '../../documents/field-texts';
import { TopProblem } from '../../documents/warnings';
import { MembersDialog } from './members.dialog';
import { OfDirectory } from './of-directory';
import styles from './people.module.css';

/** Groups: created, deleted, and their members. */
export function GroupsTab(): ReactNode {
  const groups = useGroups();
  const [members, setMembers] = useState<Group | null>(null);
  const [deleting, setDeleting] = useState<Group | null>(null);
  return (
    <>
      <NewGroupSection />
      <Section title="Groups">
        {groups.rows?.every(isLocal) === false ? (
          <p className={styles.note}>
            Groups with the name of a directory come from there, with their members, and are changed and removed there.
          </p>
        ) : null}
        <DataTable
          caption="Groups"
          columns={columns(setMembers, setDeleting)}
          keyOf={({ name }) => name}
          empty="There are no groups. Create one: permissions can name it."
          {...groups}
        />
      </Section>
      {members === null ? null : <MembersDialog group={members} onClose={() => setMembers(null)} />}
      {deleting === null ? null : <DeleteGroupDialog group={deleting.name} onClose={() => setDeleting(null)} />}
    </>
  );
}

function columns(onMembers: (group: Group) => void, onDelete: (group: Group) => void): readonly Column<Group>[] {
  return [
    {
      title: 'Group',
      isRowTitle: true,
      cell: (group) => (
        <>
          {group.name} <OfDirectory of={group} />
        </>
      ),
    },
    {
      title: 'Actions',
      cell: (group) => (
        <span className={styles.buttons}>
          <Button onClick={() => onMembers(group)} aria-label={`Members of ${group.name}`}>
            Members
          </Button>
          {isLocal(group) ? (
            <Button look="quiet" onClick={() => onDelete(group)} aria-label={`Delete ${group.name}`}>
              Delete
            </Button>
          ) : null}
        </span>
      ),
    },
  ];
}

function NewGroupSection(): ReactNode {
  const create = useCreateGroup();
  const [name, setName] = useState('');
  return (
    <Section title="New group">
      <Form label="New group" onSubmit={() => create.mutate(name, { onSuccess: () => setName('') })}>
        <TopProblem problem={create.error} fields={['name']} />
        {create.isSuccess ? <Notice kind="good">{`The group ${create.variables} is created.`}</Notice> : null}
        <TextField
          label="Name of the group"
          hint="Permissions name it. It cannot be renamed."
          value={name}
          error={errorAt(create.error, 'name')}
          autoComplete="off"
          spellCheck={false}
          onChange={setName}
          beside={
            <Button type="submit" isBusy={create.isPending} disabled={name === ''}>
              Create group
            </Button>
          }
        />
      </Form>
    </Section>
  );
}

interface GroupDialogProps {
  readonly group: string;
  readonly onClose: () => void;
}

function DeleteGroupDialog({ group, onClose }: GroupDialogProps): ReactNode {
  const remove = useDeleteGroup();
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Delete the group ${group}?`}
      description="Its members stay, and lose what they may do through it. A group that a permission names cannot be deleted."
      action="Delete"
      isBusy={remove.isPending}
      problem={remove.error}
      onConfirm={() => remove.mutate(group, { onSuccess: onClose })}
    />
  );
}
