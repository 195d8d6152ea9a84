import { useRef, useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Loading } from '../../components/data-table';
import { Dialog, DialogActions } from '../../components/dialog';
import { TextField } from '../../components/field';
import { Form } from '../../components/form';
import { ProblemNotice } from '../../components/notice';
import { useAddMember, useRemoveMember } from '../../data/groups';
import { useUsers, type User } from '../../data/users';
import styles from './people.module.css';

interface MembersDialogProps {
  readonly group: string;
  readonly onClose: () => void;
}

/** Who is in a group: added and taken off one by one. */
export function MembersDialog({ group, onClose }: MembersDialogProps): ReactNode {
  const { rows, problem, hasMore, isFetchingMore, onMore } = useUsers({ group });
  const add = useAddMember();
  const remove = useRemoveMember();
  const [username, setUsername] = useState('');
  const frame = useRef<HTMLDivElement>(null);
  const removeMember = (member: string): void => {
    add.reset();
    remove.mutate({ name: group, username: member });
    // The button that had the focus goes away.
    frame.current?.querySelector('input')?.focus();
  };
  return (
    <Dialog isOpen onClose={onClose} title={`Members of ${group}`}>
      <div ref={frame}>
        <Form
          label="Add a member"
          onSubmit={() => {
            remove.reset();
            add.mutate({ name: group, username }, { onSuccess: () => setUsername('') });
          }}
        >
          <TextField
            label="Add a user"
            hint="The user name."
            value={username}
            autoComplete="off"
            spellCheck={false}
            onChange={setUsername}
            beside={
              <Button type="submit" isBusy={add.isPending} disabled={username === ''}>
                Add
              </Button>
            }
          />
        </Form>
      </div>
      <ProblemNotice problem={add.error ?? remove.error ?? problem} />
      {rows === undefined ? <Loading /> : null}
      {rows?.length === 0 ? <p className={styles.soft}>Nobody is in this group yet. Add a user above.</p> : null}
      <MemberList
        members={rows ?? []}
        group={group}
        leaving={remove.isPending ? remove.variables.username : null}
        onRemove={removeMember}
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

interface MemberListProps {
  readonly members: readonly User[];
  readonly group: string;
  /** Who is being removed. */
  readonly leaving: string | null;
  readonly onRemove: (username: string) => void;
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
          <Button
            look="quiet"
            isBusy={leaving === username}
            disabled={leaving !== null}
            onClick={() => onRemove(username)}
            aria-label={`Remove ${username}`}
          >
            Remove
          </Button>
        </li>
      ))}
    </ul>
  );
}
