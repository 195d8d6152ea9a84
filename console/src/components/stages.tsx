import type { ReactNode } from 'react';
import { classes } from './classes';
import styles from './stages.module.css';

export type StageOutcome = 'passed' | 'refused' | 'not-reached' | 'not-needed';

/** One stage of the judgement of a request. */
export interface ShownStage {
  readonly stage: string;
  readonly outcome: StageOutcome;
  /** What was checked, or why it was refused. */
  readonly detail?: ReactNode;
}

const NAMES: Readonly<Record<string, string>> = {
  form: 'Form of the request',
  path: 'Path',
  'native-management': 'Tokens of the product',
  'blocked-path': 'Blocked paths',
  credential: 'Credential',
  address: 'Client address',
  token: 'Token',
  'path-kind': 'Kind of path',
  permission: 'Permission',
  scope: 'Scope',
  destination: 'Destination',
  'upstream-credential': 'Credential for the application',
};

const OUTCOMES: Readonly<Record<StageOutcome, readonly [sign: string, words: string]>> = {
  passed: ['✓', 'passed'],
  refused: ['✕', 'refused here'],
  'not-reached': ['·', 'not reached'],
  'not-needed': ['–', 'not needed'],
};

/** The way of a request through the judgement, from top to bottom (R101). The words say what the signs show. */
export function Stages({ stages }: { readonly stages: readonly ShownStage[] }): ReactNode {
  return (
    <ol className={styles.stages} aria-label="Stages of the judgement">
      {stages.map(({ stage, outcome, detail }) => {
        const [sign, words] = OUTCOMES[outcome];
        return (
          <li key={stage} className={classes(styles.stage, styles[outcome])}>
            <span className={styles.sign} aria-hidden>
              {sign}
            </span>
            <div>
              <div>
                <span className={styles.name}>{NAMES[stage] ?? stage}</span>{' '}
                <span className={styles.words}>{words}</span>
              </div>
              {detail === undefined || detail === null ? null : <div className={styles.detail}>{detail}</div>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
