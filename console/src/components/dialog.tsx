import { Dialog as Base } from '@base-ui/react/dialog';
import { useRef, type ReactNode } from 'react';
import { Button } from './button';
import styles from './dialog.module.css';
import { ProblemNotice } from './notice';

const FIELDS = 'input:not([readonly], :disabled), select:not(:disabled), textarea:not([readonly], :disabled)';

interface DialogProps {
  readonly isOpen: boolean;
  /** By Escape or the close button. Clicks outside close nothing, so that nothing typed is lost. */
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly isWide?: boolean;
  readonly children?: ReactNode;
}

/** In front of the page; keeps the focus inside and gives it back. */
export function Dialog({ isOpen, onClose, title, description, isWide = false, children }: DialogProps): ReactNode {
  const popup = useRef<HTMLDivElement>(null);
  // What the dialog is about, or the first thing to fill in, and not the button that closes.
  const firstField = (): HTMLElement | true =>
    popup.current?.querySelector<HTMLElement>('[data-first]') ??
    popup.current?.querySelector<HTMLElement>(FIELDS) ??
    true;
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())} disablePointerDismissal>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup
          ref={popup}
          initialFocus={firstField}
          className={isWide ? `${styles.popup} ${styles.wide}` : styles.popup}
        >
          <div className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close className={styles.close} aria-label="Close">
              ×
            </Base.Close>
          </div>
          {description === undefined ? null : (
            <Base.Description className={styles.description} render={<div />}>
              {description}
            </Base.Description>
          )}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** The buttons at the end of a dialog. */
export function DialogActions({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className={styles.actions}>{children}</div>;
}

interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen, and whether it can be undone. */
  readonly description: ReactNode;
  /** A verb, such as "Revoke". */
  readonly action: string;
  readonly isBusy: boolean;
  readonly problem?: unknown;
  readonly onConfirm: () => void;
}

/** Before something that cannot be undone. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { action, isBusy, problem, onConfirm, onClose, ...dialog } = props;
  return (
    <Dialog {...dialog} onClose={onClose}>
      <ProblemNotice problem={problem} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="danger" isBusy={isBusy} onClick={onConfirm}>
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
