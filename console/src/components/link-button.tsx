import type { ReactNode } from 'react';
import { Link } from 'wouter';
import styles from './button.module.css';
import { classes } from './classes';

interface LinkButtonProps {
  readonly href: string;
  readonly look?: 'primary' | 'plain';
  readonly children: ReactNode;
}

/** Leads to another page of the console, and looks like a button. */
export function LinkButton({ href, look = 'plain', children }: LinkButtonProps): ReactNode {
  return (
    <Link href={href} className={classes(styles.button, styles.link, styles[look])}>
      {children}
    </Link>
  );
}
