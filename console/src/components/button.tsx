import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { classes } from './classes';
import styles from './button.module.css';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary` once a page or dialog, `danger` for what cannot be undone. */
  readonly look?: 'primary' | 'plain' | 'danger' | 'quiet';
  /** Shows that the action is under way, and takes no second click. */
  readonly isBusy?: boolean;
}

export function Button({ look = 'plain', isBusy = false, className, children, ...rest }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={isBusy || undefined}
      disabled={rest.disabled === true || isBusy}
      className={classes(styles.button, styles[look], className)}
    >
      {children}
    </button>
  );
}
