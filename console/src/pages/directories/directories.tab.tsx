import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Badge } from '../../components/badge';
import { Button } from '../../components/button';
import { DataTable, type Column } from '../../components/data-table';
import { LinkButton } from '../../components/link-button';
import { ProblemNotice } from '../../components/notice';
import { Section } from '../../components/page';
import { Time } from '../../components/time';
import { useDirectories, useSyncDirectory, type Directory } from '../../data/directories';
import { Attention, SyncNotice } from './attention';
import styles from './directories.module.css';
import { counted, directoryPath, wordedProblem } from './directory-texts';

/** R92 to R94: where users and groups come from, and how that is going. */
export function DirectoriesTab(): ReactNode {
  const directories = useDirectories();
  const sync = useSyncDirectory();
  const synced = directories.rows?.find(({ key }) => key === sync.variables);
  return (
    <Section
      title="Directories"
      actions={
        <LinkButton look="primary" href="/people/directories/new">
          Connect a directory
        </LinkButton>
      }
    >
      <div className={styles.content}>
        <p className={styles.soft}>
          LDAP or Active Directory: users and groups are read from there at intervals, and people log in with their
          passwords of the directory.
        </p>
        {sync.data === undefined ? null : <SyncNotice name={synced?.name ?? sync.variables} result={sync.data} />}
        {/* What keeps it from being read stands below. */}
        {synced?.status.failing === true ? null : <ProblemNotice problem={wordedProblem(sync.error)} />}
        {directories.rows?.map((directory) => (
          <Attention key={directory.key} directory={directory} />
        ))}
        <DataTable
          caption="Directories"
          columns={columns(sync.isPending ? sync.variables : null, (key) => sync.mutate(key))}
          keyOf={({ key }) => key}
          empty="No directory is connected. Connect one, or create users and groups here."
          {...directories}
        />
      </div>
    </Section>
  );
}

function columns(busyKey: string | null, onSync: (key: string) => void): readonly Column<Directory>[] {
  return [
    {
      title: 'Directory',
      isRowTitle: true,
      cell: ({ key, name }) => (
        <>
          <Link href={directoryPath(key)}>{name}</Link>
          <span className={styles.name}>{key}</span>
        </>
      ),
    },
    { title: 'Address', cell: ({ url }) => <code>{url}</code> },
    { title: 'Users', isNumber: true, cell: ({ status }) => status.users.toLocaleString('en') },
    { title: 'Groups', isNumber: true, cell: ({ status }) => status.groups.toLocaleString('en') },
    {
      title: 'Last success',
      cell: ({ status }) => <Time at={status.lastSuccessAt} isRelative otherwise="never" />,
    },
    { title: 'State', cell: (directory) => <StateBadges directory={directory} /> },
    {
      title: 'Actions',
      cell: ({ key, name, enabled }) => (
        <Button
          isBusy={busyKey === key}
          disabled={!enabled || busyKey !== null}
          onClick={() => onSync(key)}
          aria-label={`Synchronise now: ${name}`}
        >
          Synchronise now
        </Button>
      ),
    },
  ];
}

/** In words: each state that there is. */
export function StateBadges({ directory }: { readonly directory: Directory }): ReactNode {
  const { enabled, status, warnings } = directory;
  const isFine = enabled && !status.failing && !status.pending && warnings.length === 0;
  return (
    <span className={styles.buttons}>
      {isFine ? <Badge look="good">Fine</Badge> : null}
      {enabled ? null : <Badge look="warning">Switched off</Badge>}
      {status.failing ? <Badge look="bad">Failing</Badge> : null}
      {status.pending ? <Badge look="warning">Held</Badge> : null}
      {warnings.length === 0 ? null : <Badge look="warning">{counted(warnings.length, 'warning')}</Badge>}
    </span>
  );
}
