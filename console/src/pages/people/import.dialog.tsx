import { useId, useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { DataTable } from '../../components/data-table';
import { Dialog, DialogActions } from '../../components/dialog';
import { Form } from '../../components/form';
import { Notice, ProblemNotice } from '../../components/notice';
import { useImport, useTryImport, type UserImport } from '../../data/users';
import styles from './people.module.css';

interface ImportDialogProps {
  readonly onClose: () => void;
  readonly onDone: (message: string) => void;
}

const DESCRIPTION = (
  <>
    A CSV file in UTF-8 with the columns <code>username</code>, <code>displayName</code>, <code>email</code> and{' '}
    <code>groups</code>. Groups have to exist; several stand in one cell, with commas. Users that are not in the file
    stay as they are, and nobody gets a password.
  </>
);

/** A file is tried when it is chosen, and imported after it was looked at. */
export function ImportDialog({ onClose, onDone }: ImportDialogProps): ReactNode {
  const id = useId();
  const attempt = useTryImport();
  const importing = useImport();
  const [csv, setCsv] = useState<ArrayBuffer | null>(null);
  const [isUnreadable, setUnreadable] = useState(false);
  const choose = (file: File | undefined): void => {
    importing.reset();
    attempt.reset();
    setCsv(null);
    setUnreadable(false);
    // The bytes that are tried are those that are imported, also if the file changes meanwhile.
    file?.arrayBuffer().then(
      (bytes) => {
        setCsv(bytes);
        attempt.mutate(bytes);
      },
      () => setUnreadable(true),
    );
  };
  const found = attempt.data;
  const canImport = csv !== null && found !== undefined && found.errors.length === 0 && found.create + found.change > 0;
  const submit = (): void => {
    if (csv !== null && canImport) importing.mutate(csv, { onSuccess: (done) => onDone(`Imported: ${counts(done)}.`) });
  };
  return (
    <Dialog isOpen onClose={onClose} isWide title="Import users" description={DESCRIPTION}>
      <Form label="Import users" onSubmit={submit}>
        <div>
          <label htmlFor={id}>CSV file</label>
          <div>
            <input
              id={id}
              type="file"
              accept=".csv,text/csv"
              onChange={(event) => choose(event.currentTarget.files?.[0])}
            />
          </div>
        </div>
        {isUnreadable ? (
          <Notice kind="bad" title="The file cannot be read">
            Choose it again.
          </Notice>
        ) : null}
        <ProblemNotice problem={attempt.error ?? importing.error} />
        {found === undefined ? null : <Preview found={found} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!canImport} isBusy={importing.isPending || attempt.isPending}>
            Import
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function counts({ create, change }: UserImport): string {
  return `${create} new, ${change} changed`;
}

function Preview({ found }: { readonly found: UserImport }): ReactNode {
  if (found.errors.length === 0) {
    return (
      <Notice
        kind={found.create + found.change === 0 ? 'info' : 'good'}
        title={`The file is in order: ${counts(found)}.`}
      >
        Nothing is imported yet.
      </Notice>
    );
  }
  return (
    <>
      <Notice kind="bad" title="The file has errors, and nothing of it can be imported">
        Correct these lines, and choose the file again.
      </Notice>
      <div className={styles.fields}>
        <DataTable
          caption="Errors of the file"
          columns={[
            { title: 'Line', isNumber: true, isRowTitle: true, cell: ({ line }) => line },
            { title: 'What is wrong', cell: ({ message }) => message },
          ]}
          rows={found.errors}
          keyOf={({ line, message }) => `${line} ${message}`}
          empty="None."
        />
      </div>
    </>
  );
}
