import { useEffect, useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { CopyField } from '../../components/copy-field';
import { Dialog, DialogActions } from '../../components/dialog';
import { Notice } from '../../components/notice';
import type { CreatedToken } from '../../data/own-tokens';
import { UseOfToken } from './use-of-token';

interface SecretDialogProps {
  readonly token: CreatedToken;
  readonly onClose: () => void;
}

/** The secret, once. Whoever closes it without a copy is asked first. */
export function SecretDialog({ token, onClose }: SecretDialogProps): ReactNode {
  const [isCopied, setCopied] = useState(false);
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (isCopied) return undefined;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isCopied]);
  const close = (): void => (isCopied || isAsking ? onClose() : setAsking(true));
  return (
    <Dialog isOpen onClose={close} title={isAsking ? 'Close without a copy?' : 'Your new token'} isWide>
      {isAsking ? (
        <>
          <Notice kind="warning">
            The token has not been copied, and is never shown again. Without it, you have to rotate the token or to
            create another one.
          </Notice>
          <DialogActions>
            <Button onClick={() => setAsking(false)}>Back to the token</Button>
            <Button look="danger" onClick={onClose}>
              Close without a copy
            </Button>
          </DialogActions>
        </>
      ) : (
        <>
          <Notice kind="warning" title="Copy it now: it is shown only this once">
            Keep it like a password, for example in a password manager or a secret of your build server.
          </Notice>
          <CopyField label="Token" value={token.secret} isFirst onCopied={() => setCopied(true)} />
          <UseOfToken token={token} />
          <DialogActions>
            <Button look="primary" onClick={close}>
              Done
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  );
}
