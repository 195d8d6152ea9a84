import { useId, useState, type ReactNode } from 'react';
import { Button } from './button';
import styles from './copy-field.module.css';

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  /** Keeps line breaks. */
  readonly isBlock?: boolean;
}

/** A text to take along, with a button that copies it. */
export function CopyField({ label, value, isBlock = false }: CopyFieldProps): ReactNode {
  const id = useId();
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const copy = (): void => {
    navigator.clipboard.writeText(value).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  };
  return (
    <div className={styles.frame}>
      <div className={styles.head}>
        <span id={id} className={styles.label}>
          {label}
        </span>
        <Button look="quiet" onClick={copy} aria-label={`Copy ${label}`}>
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
        />
      ) : (
        <input
          readOnly
          aria-labelledby={id}
          className={styles.value}
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
      <span role="status" className={styles.state}>
        {state === 'failed' ? 'The browser did not allow it. Select the text and copy it.' : ''}
      </span>
    </div>
  );
}
