import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Dialog, DialogActions } from '../../components/dialog';
import { TextField } from '../../components/field';
import { Form } from '../../components/form';
import { useRenameUser, type User } from '../../data/users';
import { errorAt } from '../../documents/field-texts';
import { TopProblem } from '../../documents/warnings';

interface RenameUserDialogProps {
  readonly user: User;
  readonly onClose: () => void;
  readonly onDone: (message: string) => void;
}

export function RenameUserDialog({ user, onClose, onDone }: RenameUserDialogProps): ReactNode {
  const rename = useRenameUser();
  const [to, setTo] = useState(user.username);
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Rename ${user.username}`}
      description="The user keeps tokens, groups, password and stored credentials. Scripts that send the user name beside a token or password have to send the new one."
    >
      <Form
        label="Rename"
        onSubmit={() =>
          rename.mutate(
            { username: user.username, to },
            { onSuccess: ({ username }) => onDone(`${user.username} is now ${username}.`) },
          )
        }
      >
        <TopProblem problem={rename.error} fields={['username']} />
        <TextField
          label="New user name"
          value={to}
          error={errorAt(rename.error, 'username')}
          autoComplete="off"
          spellCheck={false}
          onChange={setTo}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isBusy={rename.isPending} disabled={to === user.username}>
            Rename
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
