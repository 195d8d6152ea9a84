import type { ReactNode } from 'react';
import { Button } from './button';
import styles from './search-form.module.css';

interface SearchFormProps {
  readonly label: string;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}

/** Filters above a list. */
export function SearchForm({ label, onSubmit, children }: SearchFormProps): ReactNode {
  return (
    <form
      role="search"
      aria-label={label}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <div className={styles.fields}>{children}</div>
      <Button type="submit">Search</Button>
    </form>
  );
}
