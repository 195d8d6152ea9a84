import type { ReactNode } from 'react';
import styles from './form.module.css';

interface FormProps {
  readonly onSubmit: () => void;
  /** For screen readers, where no heading stands right above. */
  readonly label?: string;
  /** For a button outside of it, by its `form`. */
  readonly id?: string;
  readonly children: ReactNode;
}

/** Fields below each other. Enter sends it; the page stays. */
export function Form({ onSubmit, label, id, children }: FormProps): ReactNode {
  return (
    <form
      id={id}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
      aria-label={label}
      noValidate
    >
      {children}
    </form>
  );
}
