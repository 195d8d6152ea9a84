import { useRef, useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Loading } from '../../components/data-table';
import { Dialog, DialogActions } from '../../components/dialog';
import { TextField } from '../../components/field';
import { Form } from '../../components/form';
import { ProblemNotice } from '../../components/notice';
import { isLocal } from '../../data/directories';
import { useAddMember, useRemoveMember, type Group } from '../../data/groups';
import { useUsers, type User } from '../../data/users';
import styles from './people.module.css';

interface MembersDialogProps {
  readonly group: Group;
  readonly onClose: () => void;
}

/** Who is in a group: added and taken off one by one, unless a directory says who is. */
export function MembersDialog({ group, onClose }: MembersDialogProps): ReactNode {
  const { name } = group;
  const isOwn = isLocal(group);
  const { rows, problem, hasMore, isFetchingMore, onMore } = useUsers({ group: name });
  const add = useAddMember();
  const remove = useRemoveMember();
  const frame = useRef<HTMLDivElement>(null);
  const removeMember = (username: string): void => {
    add.reset();
    remove.mutate({ name, username });
    // The button that had the focus goes away.
    frame.current?.querySelector('input')?.focus();
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Members of ${name}`}
      description={
        isOwn ? undefined : `This group comes from the directory “${group.directory}”. Its members are changed there.`
      }
    >
      {isOwn ? (
        <div ref={frame}>
          <AddMember
            isBusy={add.isPending}
            onAdd={(username, onAdded) => {
              remove.reset();
              add.mutate({ name, username }, { onSuccess: onAdded });
            }}
          />
        </div>
      ) : null}
      <ProblemNotice problem={add.error ?? remove.error ?? problem} />
      {rows === undefined ? <Loading /> : null}
      {rows?.length === 0 ? (
        <p className={styles.soft}>Nobody is in this group yet.{isOwn ? ' Add a user above.' : ''}</p>
      ) : null}
      <MemberList
        members={rows ?? []}
        group={name}
        leaving={remove.isPending ? remove.variables.username : null}
        onRemove={isOwn ? removeMember : null}
      />
      <DialogActions>
        {hasMore ? (
          <Button isBusy={isFetchingMore} onClick={onMore}>
            Show more
          </Button>
        ) : null}
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface AddMemberProps {
  readonly isBusy: boolean;
  readonly onAdd: (username: string, onAdded: () => void) => void;
}

function AddMember({ isBusy, onAdd }: AddMemberProps): ReactNode {
  const [username, setUsername] = useState('');
  return (
    <Form label="Add a member" onSubmit={() => onAdd(username, () => setUsername(''))}>
      <TextField
        label="Add a user"
        hint="The user name."
        value={username}
        autoComplete="off"
        spellCheck={false}
        onChange={setUsername}
        beside={
          <Button type="submit" isBusy={isBusy} disabled={username === ''}>
            Add
          </Button>
        }
      />
    </Form>
  );
}

interface MemberListProps {
  readonly members: readonly User[];
  readonly group: string;
  /** Who is being removed. */
  readonly leaving: string | null;
  /** Null: nobody is taken off here. */
  readonly onRemove: ((username: string) => void) | null;
}

function MemberList({ members, group, leaving, onRemove }: MemberListProps): ReactNode {
  if (members.length === 0) return null;
  return (
    <ul className={styles.members} aria-label={`Members of ${group}`}>
      {members.map(({ username, displayName }) => (
        <li key={username} className={styles.member}>
          <span>
            {displayName} <span className={styles.name}>{username}</span>
          </span>
          {onRemove === null ? null : (
            <Button
              look="quiet"
              isBusy={leaving === username}
              disabled={leaving !== null}
              onClick={() => onRemove(username)}
              aria-label={`Remove ${username}`}
            >
              Remove
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
