import type { ReactNode } from 'react';
import { classes } from './classes';
import styles from './badge.module.css';

export type BadgeLook = 'plain' | 'good' | 'warning' | 'bad' | 'accent';

/** A state in one word. The word says it; the colour only helps. */
export function Badge({
  look = 'plain',
  children,
}: {
  readonly look?: BadgeLook;
  readonly children: ReactNode;
}): ReactNode {
  return <span className={classes(styles.badge, styles[look])}>{children}</span>;
}
