import type { ReactNode } from 'react';
import { Button } from '../components/button';
import type { EditedDocument } from './document-form';
import styles from './save-bar.module.css';

type State = Pick<EditedDocument<object>, 'isTried' | 'isSaving' | 'isSaved' | 'isRefused' | 'reset'>;

interface SaveBarProps {
  readonly edited: State & { readonly form: { readonly isChanged: boolean } };
}

/** At the end of a form of a document; it stays in view. */
export function SaveBar({ edited }: SaveBarProps): ReactNode {
  const { form, isSaving, reset } = edited;
  return (
    <div className={styles.bar}>
      <span role="status" className={styles.state}>
        {stateText(edited, form.isChanged)}
      </span>
      <Button disabled={!form.isChanged || isSaving} onClick={reset}>
        Undo changes
      </Button>
      <Button type="submit" look="primary" disabled={!form.isChanged} isBusy={isSaving}>
        Save
      </Button>
    </div>
  );
}

function stateText({ isSaved, isTried, isRefused }: State, isChanged: boolean): string {
  if (!isChanged) return isSaved ? 'Saved. It takes effect within a second.' : 'No changes.';
  if (isRefused) return 'Not saved. What is wrong stands beside the field, or at the top.';
  return isTried ? 'Not saved yet. The warnings show what your changes would do.' : 'Not saved yet.';
}
