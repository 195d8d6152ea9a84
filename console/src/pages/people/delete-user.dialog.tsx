import type { ReactNode } from 'react';
import { ConfirmDialog } from '../../components/dialog';
import { useDeleteUser, type User } from '../../data/users';

interface DeleteUserDialogProps {
  readonly user: User;
  readonly onClose: () => void;
  readonly onDone: (message: string) => void;
}

export function DeleteUserDialog({ user, onClose, onDone }: DeleteUserDialogProps): ReactNode {
  const remove = useDeleteUser();
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Delete ${user.username}?`}
      description="All tokens of the user are revoked, and the stored credentials are deleted. This cannot be undone: to stop somebody for a while, edit the user and clear “Active”."
      action="Delete"
      isBusy={remove.isPending}
      problem={remove.error}
      onConfirm={() =>
        remove.mutate(user.username, { onSuccess: () => onDone(`The user ${user.username} is deleted.`) })
      }
    />
  );
}
