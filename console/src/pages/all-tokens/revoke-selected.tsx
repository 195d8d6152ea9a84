import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { ConfirmDialog } from '../../components/dialog';
import { Notice } from '../../components/notice';
import { useRevokeTokens, type Token } from '../../data/all-tokens';
import styles from './all-tokens.module.css';

interface RevokeSelectedProps {
  readonly tokens: readonly Token[];
  readonly onDone: () => void;
}

/** Shows which tokens will end, and says when every node refuses them. */
export function RevokeSelected({ tokens, onDone }: RevokeSelectedProps): ReactNode {
  const [isAsked, setAsked] = useState(false);
  const revoke = useRevokeTokens();
  const submit = (): void =>
    revoke.mutate(
      tokens.map(({ id }) => id),
      {
        onSuccess: () => {
          setAsked(false);
          onDone();
        },
      },
    );
  return (
    <>
      {revoke.data === undefined ? null : <Notice kind="good">{resultOf(revoke.data)}</Notice>}
      <Button look="danger" disabled={tokens.length === 0} onClick={() => setAsked(true)}>
        Revoke {tokens.length === 0 ? 'chosen' : tokens.length}
      </Button>
      <ConfirmDialog
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        title={tokens.length === 1 ? 'Revoke this token?' : `Revoke these ${tokens.length} tokens?`}
        description={
          <>
            <p>They stop working at once, on every node. This cannot be undone.</p>
            <ul className={styles.chosen}>
              {tokens.map(({ id, description, owner }) => (
                <li key={id}>
                  {description} of {owner}
                </li>
              ))}
            </ul>
          </>
        }
        action="Revoke"
        isBusy={revoke.isPending}
        problem={revoke.error}
        onConfirm={submit}
      />
    </>
  );
}

function resultOf({
  revoked,
  missing = [],
}: {
  readonly revoked: number;
  readonly missing?: readonly string[];
}): string {
  const done = revoked === 1 ? 'One token is revoked' : `${revoked} tokens are revoked`;
  return missing.length === 0 ? `${done}, on every node.` : `${done}. Not confirmed yet by: ${missing.join(', ')}.`;
}
