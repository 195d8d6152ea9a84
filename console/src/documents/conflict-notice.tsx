import type { ReactNode } from 'react';
import { Button } from '../components/button';
import { Notice } from '../components/notice';
import styles from './conflict-notice.module.css';
import type { EditedDocument } from './document-form';
import { differences } from './patch';

interface ConflictNoticeProps<Document extends object> {
  readonly edited: EditedDocument<Document>;
  /** The label of a field; undefined leaves it out. */
  readonly labelOf: (field: string) => string | undefined;
}

/** After a 412: what somebody else has changed meanwhile. Nothing that was typed is lost. */
export function ConflictNotice<Document extends object>(props: ConflictNoticeProps<Document>): ReactNode {
  const { edited, labelOf } = props;
  const { form, theirs, hasConflict } = edited;
  if (!hasConflict || theirs.tag === form.base.tag) return null;
  const changes = differences(form.base.value, theirs.value).flatMap((difference) => {
    const label = labelOf(difference.field);
    return label === undefined ? [] : [{ ...difference, label }];
  });
  const mine = new Set(differences(form.base.value, form.draft).map(({ field }) => field));
  return (
    <Notice kind="warning" title="Somebody else has changed this while you were editing">
      <p>Nothing is saved yet, and what you typed is still here. Changed by the other person:</p>
      <ul className={styles.list}>
        {changes.map(({ field, label, before, after }) => (
          <li key={field}>
            {label}: {inWords(before)} → <strong>{inWords(after)}</strong>
            {mine.has(field) ? '. You changed it, too: saving puts yours in its place.' : null}
          </li>
        ))}
      </ul>
      <div className={styles.actions}>
        <Button
          look="primary"
          onClick={() => {
            form.rebase(theirs);
            edited.retry();
          }}
        >
          Keep my changes and go on
        </Button>
        <Button onClick={edited.reset}>Drop my changes</Button>
      </div>
    </Notice>
  );
}

/** More than this of a list is not shown. */
const MAX_SHOWN = 5;

export function inWords(value: unknown): string {
  if (value === true) return 'on';
  if (value === false) return 'off';
  if (value === undefined || value === null || value === '') return 'nothing';
  if (!Array.isArray(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  if (value.length === 0) return 'nothing';
  const shown = value.slice(0, MAX_SHOWN).map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  return value.length > MAX_SHOWN ? `${shown.join(', ')} and ${value.length - MAX_SHOWN} more` : shown.join(', ');
}
