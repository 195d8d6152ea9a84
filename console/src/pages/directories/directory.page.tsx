import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { Button } from '../../components/button';
import { Loading } from '../../components/data-table';
import { ConfirmDialog } from '../../components/dialog';
import { Facts } from '../../components/facts';
import { LinkButton } from '../../components/link-button';
import { Notice, ProblemNotice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import { Time } from '../../components/time';
import { useDeleteDirectory, useDirectory, useSyncDirectory, type Directory } from '../../data/directories';
import { Attention, SyncNotice } from './attention';
import styles from './directories.module.css';
import { StateBadges } from './directories.tab';
import { counted, wordedProblem } from './directory-texts';
import { DirectoryForm } from './directory.form';

/** R92 to R94: one directory, to be looked at, synchronised, changed and disconnected. */
export function DirectoryPage({ directoryKey }: { readonly directoryKey: string }): ReactNode {
  const directory = useDirectory(directoryKey);
  const [isDeleting, setDeleting] = useState(false);
  const { data } = directory;
  return (
    <Page
      title={data?.name ?? directoryKey}
      lead={`The directory “${directoryKey}”. Its users and groups are changed there, and read from there.`}
      actions={
        <>
          <LinkButton href="/people/directories">All directories</LinkButton>
          <Button look="danger" onClick={() => setDeleting(true)} disabled={data === undefined}>
            Disconnect
          </Button>
        </>
      }
    >
      <ProblemNotice problem={directory.error} />
      {directory.isPending ? <Loading /> : null}
      {data === undefined ? null : (
        <>
          <StateSection directory={data} />
          <DirectoryForm saved={data} />
        </>
      )}
      {isDeleting && data !== undefined ? <DeleteDialog directory={data} onClose={() => setDeleting(false)} /> : null}
    </Page>
  );
}

function StateSection({ directory }: { readonly directory: Directory }): ReactNode {
  const { key, enabled, status } = directory;
  const sync = useSyncDirectory();
  return (
    <Section
      title="Synchronisation"
      actions={
        <Button look="primary" isBusy={sync.isPending} disabled={!enabled} onClick={() => sync.mutate(key)}>
          Synchronise now
        </Button>
      }
    >
      <div className={styles.content}>
        {sync.data === undefined ? null : <SyncNotice name={directory.name} result={sync.data} />}
        {/* What keeps it from being read stands below. */}
        {status.failing ? null : <ProblemNotice problem={wordedProblem(sync.error)} />}
        <Attention directory={directory} />
        <NotTaken directory={directory} />
        {enabled ? null : (
          <Notice kind="warning">
            It is switched off: it is not synchronised, and its users cannot log in with their passwords.
          </Notice>
        )}
        {status.lastSyncAt === null && enabled ? (
          <Notice kind="info" title="No user has been read yet">
            Synchronise now, or wait: it begins by itself.
          </Notice>
        ) : null}
        <Facts
          facts={[
            ['State', <StateBadges key="state" directory={directory} />],
            ['Active users', status.users.toLocaleString('en')],
            ['Groups', status.groups.toLocaleString('en')],
            ['Last success', <Time key="success" at={status.lastSuccessAt} isRelative otherwise="never" />],
            ['Last attempt', <Time key="attempt" at={status.lastSyncAt} isRelative otherwise="never" />],
          ]}
        />
      </div>
    </Section>
  );
}

/** Users and groups whose names are taken by others. Warnings about the connection stand beside its fields. */
function NotTaken({ directory }: { readonly directory: Directory }): ReactNode {
  const refused = directory.warnings.filter(({ code }) => code !== 'directory_without_tls');
  if (refused.length === 0) return null;
  return (
    <Notice kind="warning" title="Not everything is taken from the directory">
      <ul className={styles.list}>
        {refused.map(({ message }) => (
          <li key={message}>{message}</li>
        ))}
      </ul>
    </Notice>
  );
}

interface DeleteDialogProps {
  readonly directory: Directory;
  readonly onClose: () => void;
}

function DeleteDialog({ directory, onClose }: DeleteDialogProps): ReactNode {
  const { key, name, status } = directory;
  const [, navigate] = useLocation();
  const remove = useDeleteDirectory();
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Disconnect ${name}?`}
      description={
        <>
          <p>
            {status.users === 0 ? 'Users that came from it' : `Its ${counted(status.users, 'active user')}`} become
            inactive: their tokens are refused at once. They stay, with their tokens and events, and can be deleted by
            hand.
          </p>
          <p>Its groups are deleted; those that a permission names stay, without members.</p>
          <p>If a directory with the key “{key}” is connected again, its users are the same ones.</p>
        </>
      }
      action="Disconnect"
      isBusy={remove.isPending}
      problem={remove.error}
      onConfirm={() => remove.mutate(key, { onSuccess: () => navigate('/people/directories') })}
    />
  );
}
