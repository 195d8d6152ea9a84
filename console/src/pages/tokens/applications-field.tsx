import type { ReactNode } from 'react';
import { Loading } from '../../components/data-table';
import { Checkbox, RadioGroup } from '../../components/field';
import { ProblemNotice } from '../../components/notice';
import { useOwnApplications } from '../../data/own-applications';
import styles from './tokens.module.css';

interface ApplicationsFieldProps {
  readonly isNarrowed: boolean;
  /** Keys. */
  readonly chosen: readonly string[];
  readonly error: string | null;
  readonly onChange: (isNarrowed: boolean, chosen: readonly string[]) => void;
}

/** The management API counts as one. */
const MANAGEMENT = { key: 'scopegate', name: 'Scopegate itself: its API for tokens, users and settings' };

/** All applications, or only some. */
export function ApplicationsField({ isNarrowed, chosen, error, onChange }: ApplicationsFieldProps): ReactNode {
  const applications = useOwnApplications();
  return (
    <>
      <RadioGroup
        legend="Where does it work?"
        value={isNarrowed ? 'some' : 'all'}
        error={error}
        options={[
          { value: 'all', label: 'In every application' },
          { value: 'some', label: 'Only in some', hint: 'A token that is lost then does less harm.' },
        ]}
        onChange={(value) => onChange(value === 'some', chosen)}
      />
      {isNarrowed ? (
        <div role="group" aria-label="Applications" className={styles.choices}>
          {applications.isPending ? <Loading /> : null}
          <ProblemNotice problem={applications.error} />
          {[...(applications.data ?? []), MANAGEMENT].map(({ key, name }) => (
            <Checkbox
              key={key}
              label={
                <>
                  {name} <code>{key}</code>
                </>
              }
              isChosen={chosen.includes(key)}
              onChange={(isChosen) =>
                onChange(true, isChosen ? [...chosen, key] : chosen.filter((other) => other !== key))
              }
            />
          ))}
        </div>
      ) : null}
    </>
  );
}
