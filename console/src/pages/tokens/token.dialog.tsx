import { useState, type ReactNode } from 'react';
import { ApiProblem } from '../../api/problem';
import type { Schema } from '../../api/client';
import { Button } from '../../components/button';
import { ConfirmDialog, Dialog, DialogActions } from '../../components/dialog';
import { EndField } from '../../components/end-field';
import { SelectField, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { ProblemNotice } from '../../components/notice';
import { localTime } from '../../components/time';
import { TokenFacts } from '../../components/token-facts';
import { askedEnd, type ChosenEnd } from '../../components/validity';
import { useDescribeToken, useRevokeToken, useRotateToken, type CreatedToken, type Token } from '../../data/own-tokens';
import { CreationProblem } from './new-token.page';

interface TokenDialogProps {
  readonly token: Token;
  readonly onClose: () => void;
  /** @param news what has happened, for the person */
  readonly onDone: (news: string) => void;
}

export function DescribeTokenDialog({ token, onClose, onDone }: TokenDialogProps): ReactNode {
  const [description, setDescription] = useState(token.description);
  const describe = useDescribeToken();
  const submit = (): void =>
    describe.mutate(
      { id: token.id, description },
      { onSuccess: () => onDone(`The token is now called “${description}”.`) },
    );
  const error = describe.error instanceof ApiProblem ? describe.error.messageFor('description') : null;
  return (
    <Dialog isOpen onClose={onClose} title="Rename the token">
      <Form onSubmit={submit} label="Rename the token">
        <TextField
          label="Description"
          hint="What it is for, and where it is used."
          value={description}
          error={error}
          maxLength={255}
          required
          onChange={setDescription}
        />
        {error === null ? <ProblemNotice problem={describe.error} /> : null}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isBusy={describe.isPending}>
            Save
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** Shows everything about the token before it ends. */
export function RevokeTokenDialog({ token, onClose, onDone }: TokenDialogProps): ReactNode {
  const revoke = useRevokeToken();
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title="Revoke this token?"
      description={
        <>
          <p>Whatever uses it is refused at once. This cannot be undone.</p>
          <TokenFacts token={token} />
        </>
      }
      action="Revoke"
      isBusy={revoke.isPending}
      problem={revoke.error}
      onConfirm={() =>
        revoke.mutate(token.id, {
          onSuccess: () => onDone(`“${token.description}” is revoked. Requests with it are refused.`),
        })
      }
    />
  );
}

const OVERLAPS = [
  { value: '', label: 'It ends at once' },
  { value: 'PT1H', label: '1 hour' },
  { value: 'PT24H', label: '24 hours' },
  { value: 'P7D', label: '7 days' },
] as const;

type Overlap = (typeof OVERLAPS)[number]['value'];

export interface RotatedToken {
  readonly successor: CreatedToken;
  /** The old token goes on for a while. */
  readonly isOldAlive: boolean;
}

interface RotateTokenDialogProps extends Pick<TokenDialogProps, 'token' | 'onClose'> {
  readonly validities: Schema<'TokenCreation'>['validities'];
  readonly onDone: (rotated: RotatedToken) => void;
}

/** A successor with the same properties, while the old token goes on for a while. */
export function RotateTokenDialog({ token, validities, onClose, onDone }: RotateTokenDialogProps): ReactNode {
  const [overlap, setOverlap] = useState<Overlap>('PT24H');
  const [end, setEnd] = useState<ChosenEnd>({ choice: 'unchanged', date: '' });
  const [isDateMissing, setDateMissing] = useState(false);
  const rotate = useRotateToken();
  const submit = (): void => {
    const asked = askedEnd(end);
    setDateMissing(asked === null);
    if (asked === null) return;
    rotate.mutate(
      { id: token.id, ...(overlap === '' ? {} : { overlap }), ...asked },
      {
        onSuccess: (successor) => {
          rotate.reset();
          onDone({ successor, isOldAlive: overlap !== '' });
        },
      },
    );
  };
  const refused = (field: string): string | null =>
    rotate.error instanceof ApiProblem ? rotate.error.messageFor(field) : null;
  return (
    <Dialog
      isOpen
      // The answer under way holds the secret of the successor.
      onClose={() => (rotate.isPending ? undefined : onClose())}
      title="Rotate this token"
      description={`A new token with the same properties takes the place of “${token.description}”.`}
    >
      <Form onSubmit={submit} label="Rotate this token">
        <SelectField<Overlap>
          label="How long does the old token still work?"
          hint="Long enough to give the new one to the script."
          value={overlap}
          options={OVERLAPS}
          error={refused('overlap')}
          onChange={setOverlap}
        />
        <EndField
          value={end}
          validities={validities}
          unchanged={
            token.expiresAt === null ? 'As before: without an end' : `As before: until ${localTime(token.expiresAt)}`
          }
          error={isDateMissing ? 'Give a date and a time.' : (refused('validity') ?? refused('expiresAt'))}
          onChange={setEnd}
        />
        <CreationProblem error={rotate.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isBusy={rotate.isPending}>
            Rotate
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
