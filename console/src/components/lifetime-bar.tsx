import type { ReactNode } from 'react';
import { classes } from './classes';
import { lifetimeOf } from './lifetime';
import styles from './lifetime-bar.module.css';
import { Time } from './time';

interface LifetimeBarProps {
  readonly createdAt: string;
  /** Null: it never ends. */
  readonly expiresAt: string | null;
}

/** How much of its life a token has left: in words, and as a bar for the eye. */
export function LifetimeBar({ createdAt, expiresAt }: LifetimeBarProps): ReactNode {
  const { left, urgency } = lifetimeOf(createdAt, expiresAt);
  return (
    <span className={styles.frame}>
      <span>{expiresAt === null ? 'Never ends' : <Time at={expiresAt} isRelative />}</span>
      <span className={styles.bar} aria-hidden>
        <span className={classes(styles.left, styles[urgency])} style={{ width: `${left * 100}%` }} />
      </span>
      {expiresAt === null ? null : (
        <span className={styles.date}>
          <Time at={expiresAt} isDate />
        </span>
      )}
    </span>
  );
}
