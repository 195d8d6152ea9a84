import { useId, useState, type ReactNode } from 'react';
import { Button } from './button';
import styles from './copy-field.module.css';

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  /** Keeps line breaks. */
  readonly isBlock?: boolean;
  /** Where the focus goes when the dialog around it opens. */
  readonly isFirst?: boolean;
  /** By the button, or by the keyboard in the field. */
  readonly onCopied?: () => void;
}

/** A text to take along, with a button that copies it. */
export function CopyField({ label, value, isBlock = false, isFirst = false, onCopied }: CopyFieldProps): ReactNode {
  const id = useId();
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const copy = (): void => {
    navigator.clipboard.writeText(value).then(
      () => {
        setState('copied');
        onCopied?.();
      },
      () => setState('failed'),
    );
  };
  return (
    <div className={styles.frame}>
      <div className={styles.head}>
        <span id={id} className={styles.label}>
          {label}
        </span>
        <Button look="quiet" onClick={copy} aria-label={`Copy ${label}`} data-first={isFirst || undefined}>
          {state === 'copied' ? 'Copied' : 'Copy'}
        </Button>
      </div>
      {isBlock ? (
        <textarea
          readOnly
          aria-labelledby={id}
          className={styles.block}
          rows={value.split('\n').length}
          value={value}
          onFocus={(event) => event.currentTarget.select()}
          onCopy={onCopied}
        />
      ) : (
        <input
          readOnly
          aria-labelledby={id}
          className={styles.value}
          value={value}
          onFocus={(event) => event.currentTarget.select()}
          onCopy={onCopied}
        />
      )}
      <span role="status" className={styles.state}>
        {state === 'failed' ? 'The browser did not allow it. Select the text and copy it.' : ''}
      </span>
    </div>
  );
}
