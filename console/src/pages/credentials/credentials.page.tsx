import { useState, type ReactNode } from 'react';
import { Badge, type BadgeLook } from '../../components/badge';
import { Button } from '../../components/button';
import { DataTable, type Column } from '../../components/data-table';
import { ConfirmDialog } from '../../components/dialog';
import { Notice, ProblemNotice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import { Time } from '../../components/time';
import { useOwnApplications } from '../../data/own-applications';
import { useCheckCredential, useOwnCredentials, useRemoveCredential, type Deposit } from '../../data/own-credentials';
import styles from './credentials.module.css';
import { needsOf, type Need } from './needs';
import { StoreCredentialDialog } from './store-credential.dialog';

interface Doing {
  readonly action: 'store' | 'remove';
  readonly need: Need;
}

interface News {
  readonly kind: 'good' | 'warning';
  readonly text: string;
}

/** The credentials that Scopegate sends to applications for one's tokens. */
export function CredentialsPage(): ReactNode {
  const applications = useOwnApplications();
  const deposits = useOwnCredentials();
  const check = useCheckCredential();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [news, setNews] = useState<News | null>(null);
  const needs =
    applications.data === undefined || deposits.data === undefined
      ? undefined
      : needsOf(applications.data, deposits.data);
  const close = (): void => setDoing(null);
  const done = (text: string): void => {
    close();
    setNews({ kind: 'good', text });
  };
  const tryAgain = (need: Need): void => {
    setNews(null);
    check.mutate(need.key, { onSuccess: ({ state }) => setNews(resultOf(need.name, state)) });
  };
  return (
    <Page
      title="My credentials"
      lead="Some applications are called with a credential of your own. Scopegate keeps it encrypted, shows it to nobody, and sends it with the requests of your tokens."
    >
      {news === null ? null : <Notice kind={news.kind}>{news.text}</Notice>}
      <ProblemNotice problem={check.error} />
      <Section title="Applications">
        <DataTable
          caption="Applications that need a credential of mine"
          columns={columns({
            busyKey: check.isPending ? check.variables : null,
            onStore: (need) => setDoing({ action: 'store', need }),
            onRemove: (need) => setDoing({ action: 'remove', need }),
            onCheck: tryAgain,
          })}
          rows={needs}
          keyOf={({ key }) => key}
          problem={applications.error ?? deposits.error}
          empty="No application needs a credential of yours. Your tokens work without one, so there is nothing to do here."
        />
      </Section>
      {doing?.action === 'store' ? <StoreCredentialDialog need={doing.need} onClose={close} onStored={done} /> : null}
      {doing?.action === 'remove' ? <RemoveDialog need={doing.need} onClose={close} onRemoved={done} /> : null}
    </Page>
  );
}

interface RemoveDialogProps {
  readonly need: Need;
  readonly onClose: () => void;
  /** @param news what has happened, for the person */
  readonly onRemoved: (news: string) => void;
}

function RemoveDialog({ need: { key, name }, onClose, onRemoved }: RemoveDialogProps): ReactNode {
  const remove = useRemoveCredential();
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Remove the credential for ${name}?`}
      description="The requests of your tokens are then refused there, until you store another one. The credential stays valid in the application itself."
      action="Remove"
      isBusy={remove.isPending}
      problem={remove.error}
      onConfirm={() => remove.mutate(key, { onSuccess: () => onRemoved(`The credential for ${name} is removed.`) })}
    />
  );
}

function resultOf(name: string, state: Deposit['state']): News {
  if (state === 'working') return { kind: 'good', text: `${name} accepts the credential.` };
  return {
    kind: 'warning',
    text: `${name} still refuses the credential. Create a new one there, and store it here.`,
  };
}

const STATES: Readonly<
  Record<Deposit['state'], { readonly title: string; readonly look: BadgeLook; readonly hint: string | null }>
> = {
  working: { title: 'Working', look: 'good', hint: null },
  rejected: { title: 'Rejected', look: 'bad', hint: 'The application has refused it. Store a new one.' },
  unchecked: {
    title: 'Not checked',
    look: 'warning',
    hint: 'The application has moved. Try it again before it is sent there.',
  },
};

interface Actions {
  /** Of the application whose credential is being tried. */
  readonly busyKey: string | null;
  readonly onStore: (need: Need) => void;
  readonly onCheck: (need: Need) => void;
  readonly onRemove: (need: Need) => void;
}

function columns(actions: Actions): readonly Column<Need>[] {
  return [
    {
      title: 'Application',
      isRowTitle: true,
      cell: ({ key, name }) => (
        <>
          <span className={styles.name}>{name}</span> <code className={styles.soft}>{key}</code>
        </>
      ),
    },
    { title: 'State', cell: (need) => <State need={need} /> },
    {
      title: 'Credential',
      cell: ({ deposit }) =>
        deposit === null ? (
          '–'
        ) : (
          <>
            {deposit.type === 'basic' ? 'User name and password' : 'Access token'} <code>{deposit.hint}</code>
            <div className={styles.soft}>of the account {deposit.upstreamAccount}</div>
          </>
        ),
    },
    { title: 'Last checked', cell: ({ deposit }) => <Time at={deposit?.checkedAt} isRelative /> },
    {
      title: 'Last use',
      cell: ({ deposit }) => <Time at={deposit?.lastUsedAt} isRelative otherwise={deposit === null ? '–' : 'Never'} />,
    },
    { title: 'Actions', cell: (need) => <NeedActions need={need} {...actions} /> },
  ];
}

function State({ need: { deposit, isTaken } }: { readonly need: Need }): ReactNode {
  if (deposit === null) {
    return (
      <>
        <Badge look="warning">Missing</Badge>
        <div className={styles.soft}>Requests of your tokens are refused there.</div>
      </>
    );
  }
  if (!isTaken) {
    return (
      <>
        <Badge>Not needed</Badge>
        <div className={styles.soft}>The application takes none any more. Remove it.</div>
      </>
    );
  }
  const { title, look, hint } = STATES[deposit.state];
  return (
    <>
      <Badge look={look}>{title}</Badge>
      {hint === null ? null : <div className={styles.soft}>{hint}</div>}
    </>
  );
}

function NeedActions({ need, busyKey, onStore, onCheck, onRemove }: Actions & { readonly need: Need }): ReactNode {
  const { name, deposit, isTaken } = need;
  return (
    <span className={styles.actions}>
      {isTaken ? (
        <Button
          look={deposit === null ? 'plain' : 'quiet'}
          aria-label={`${deposit === null ? 'Store' : 'Replace'} the credential for ${name}`}
          onClick={() => onStore(need)}
        >
          {deposit === null ? 'Store' : 'Replace'}
        </Button>
      ) : null}
      {deposit !== null && isTaken ? (
        <Button
          look="quiet"
          isBusy={busyKey === need.key}
          aria-label={`Try again: the credential for ${name}`}
          onClick={() => onCheck(need)}
        >
          Try again
        </Button>
      ) : null}
      {deposit === null ? null : (
        <Button look="quiet" aria-label={`Remove the credential for ${name}`} onClick={() => onRemove(need)}>
          Remove
        </Button>
      )}
    </span>
  );
}
