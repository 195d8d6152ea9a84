import { createContext, use, type ReactNode } from 'react';
import { ApiProblem } from '../api/problem';
import { classes } from './classes';
import styles from './notice.module.css';

interface NoticeProps {
  readonly kind: 'info' | 'good' | 'warning' | 'bad';
  readonly title?: ReactNode;
  readonly children?: ReactNode;
}

/** A message in the flow of the page. A bad one is read out at once, the others when there is time. */
export function Notice({ kind, title, children }: NoticeProps): ReactNode {
  return (
    <div className={classes(styles.notice, styles[kind])} role={kind === 'bad' ? 'alert' : 'status'}>
      {title === undefined ? null : <strong className={styles.title}>{title}</strong>}
      {children}
    </div>
  );
}

/** Whether a refused request can be explained: to somebody who is logged in (R101). */
export const CanExplain = createContext(false);

/** The audit log has these: what the rules refused, and what failed. */
function isRecorded(status: number): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500;
}

/** Why something did not work: nothing if it did. */
export function ProblemNotice({ problem }: { readonly problem?: unknown }): ReactNode {
  const canExplain = use(CanExplain);
  if (problem === undefined || problem === null) return null;
  if (!(problem instanceof ApiProblem)) {
    return (
      <Notice kind="bad" title="Something went wrong in this page">
        {problem instanceof Error ? problem.message : 'Reload the page.'}
      </Notice>
    );
  }
  const { title, detail, requestId, errors, status } = problem.problem;
  return (
    <Notice kind="bad" title={title}>
      <div>{detail}</div>
      {errors.length === 0 ? null : (
        <ul className={styles.errors}>
          {errors.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              <code>{field}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {requestId === null ? null : (
        <div className={styles.request}>
          Request <code>{requestId}</code>
          {canExplain && isRecorded(status) ? (
            <>
              {' '}
              {/* A tab of its own: what was typed on this page stays. */}
              <a href={`/console/requests/${encodeURIComponent(requestId)}`} target="_blank" rel="noreferrer">
                {status >= 500 ? 'What failed? (new tab)' : 'Why was this refused? (new tab)'}
              </a>
            </>
          ) : null}
        </div>
      )}
    </Notice>
  );
}
