import { useId, useRef, useState, type ReactNode } from 'react';
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
  const frame = useRef<HTMLDivElement>(null);
  const copy = async (): Promise<void> => {
    try {
      // Without https, a browser has no clipboard for pages.
      await navigator.clipboard.writeText(value);
      setState('copied');
      onCopied?.();
    } catch {
      setState('failed');
      // Selects the text, too.
      frame.current?.querySelector<HTMLElement>('input, textarea')?.focus();
    }
  };
  return (
    <div ref={frame} className={styles.frame}>
      <div className={styles.head}>
        <span id={id} className={styles.label}>
          {label}
        </span>
        <Button look="quiet" onClick={() => void copy()} aria-label={`Copy ${label}`} data-first={isFirst || undefined}>
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
        {state === 'failed'
          ? 'The browser does not let this page copy. The text is selected: copy it with Ctrl+C, or ⌘C on a Mac.'
          : ''}
      </span>
    </div>
  );
}
