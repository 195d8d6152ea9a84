import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Notice, ProblemNotice } from '../../components/notice';
import { Time } from '../../components/time';
import { useConfirmSync, type Directory, type DirectorySync } from '../../data/directories';
import styles from './directories.module.css';
import { syncText, waitingText, worded, wordedProblem } from './directory-texts';

/** R94: what needs a look: a directory that is away, and a synchronisation that waits. */
export function Attention({ directory }: { readonly directory: Directory }): ReactNode {
  const { name, status } = directory;
  return (
    <>
      {status.failure === null ? null : (
        <Notice kind="bad" title={`${name} cannot be synchronised`}>
          <div>{worded(status.failure)}</div>
          <div>
            {status.lastSuccessAt === null ? (
              'It has never been synchronised.'
            ) : (
              <>
                Users and groups stay as they are, and tokens go on working. Last success:{' '}
                <Time at={status.lastSuccessAt} isRelative />.
              </>
            )}
          </div>
        </Notice>
      )}
      <HeldSync directory={directory} />
    </>
  );
}

function HeldSync({ directory }: { readonly directory: Directory }): ReactNode {
  const { key, name, status, maxDeactivations } = directory;
  const { waiting } = status;
  const confirm = useConfirmSync();
  const [left, setLeft] = useState<string | null>(null);
  if (waiting === null) {
    return confirm.data === undefined ? null : <SyncNotice name={name} result={confirm.data} />;
  }
  if (left === waiting.since) {
    return (
      <Notice kind="info" title={`The synchronisation of ${name} still waits`}>
        Nothing has been changed.
        <div className={styles.answers}>
          <Button onClick={() => setLeft(null)}>Show it again</Button>
        </div>
      </Notice>
    );
  }
  return (
    <>
      <ProblemNotice problem={wordedProblem(confirm.error)} />
      <Notice kind="warning" title={`The synchronisation of ${name} is held`}>
        {confirm.data?.held === true ? <div>The directory has changed again: look at the numbers.</div> : null}
        <div>
          {waitingText(waiting)} More than {maxDeactivations} per cent have to be confirmed, so nothing has been
          changed. It has waited since <Time at={waiting.since} />.
        </div>
        <div>
          Confirm it if that is right: the tokens of these users are refused at once. If not, leave it, and look at the
          directory.
        </div>
        <div className={styles.answers}>
          <Button look="danger" isBusy={confirm.isPending} onClick={() => confirm.mutate(key)}>
            Confirm
          </Button>
          <Button onClick={() => setLeft(waiting.since)}>Leave</Button>
        </div>
      </Notice>
    </>
  );
}

interface SyncNoticeProps {
  readonly name: string;
  readonly result: DirectorySync;
}

/** What a synchronisation did. One that is held says so itself. */
export function SyncNotice({ name, result }: SyncNoticeProps): ReactNode {
  if (result.held) return null;
  return (
    <Notice kind="good" title={`${name} is synchronised`}>
      {syncText(result)}
    </Notice>
  );
}
