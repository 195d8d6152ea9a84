import type { ReactNode } from 'react';
import { Button } from '../components/button';
import type { EditedDocument } from './document-form';
import styles from './save-bar.module.css';

type State = Pick<EditedDocument<object>, 'isTried' | 'isSaving' | 'isSaved' | 'isRefused' | 'reset'>;

interface SaveBarProps {
  readonly edited: State & { readonly form: { readonly isChanged: boolean } };
  /** The id of the form, if the bar stands outside of it. */
  readonly formId?: string;
  readonly savedText?: string;
}

const SAVED = 'Saved. It takes effect within a second.';

/** At the end of a form of a document; it stays in view. */
export function SaveBar({ edited, formId, savedText = SAVED }: SaveBarProps): ReactNode {
  const { form, isSaving, reset } = edited;
  return (
    <div className={styles.bar}>
      <span role="status" className={styles.state}>
        {form.isChanged ? unsavedText(edited) : edited.isSaved ? savedText : 'No changes.'}
      </span>
      <Button disabled={!form.isChanged || isSaving} onClick={reset}>
        Undo changes
      </Button>
      <Button type="submit" form={formId} look="primary" disabled={!form.isChanged} isBusy={isSaving}>
        Save
      </Button>
    </div>
  );
}

function unsavedText({ isTried, isRefused }: State): string {
  if (isRefused) return 'Not saved. What is wrong stands beside the field, or at the top.';
  return isTried ? 'Not saved yet. The warnings show what your changes would do.' : 'Not saved yet.';
}
