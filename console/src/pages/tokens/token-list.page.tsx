import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { Schema } from '../../api/client';
import { Button } from '../../components/button';
import { DataTable, type Column } from '../../components/data-table';
import { FieldRow, SelectField, TextField } from '../../components/field';
import { LifetimeBar } from '../../components/lifetime-bar';
import { Notice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import { SearchForm } from '../../components/search-form';
import { LastUsed, ScopeBadge, STATUS_TITLES, StatusBadge } from '../../components/token-facts';
import { useDraft } from '../../components/draft';
import { useMe, useSession } from '../../data/session';
import { useOwnTokens, type Token, type TokenFilter } from '../../data/own-tokens';
import { CreationNotice } from './new-token.page';
import { SecretDialog } from './secret.dialog';
import { DescribeTokenDialog, RevokeTokenDialog, RotateTokenDialog, type RotatedToken } from './token.dialog';
import styles from './tokens.module.css';

type Action = 'describe' | 'rotate' | 'revoke';

interface Doing {
  readonly action: Action;
  readonly token: Token;
}

const NO_FILTER: TokenFilter = { status: '', text: '' };

/** One's own tokens: what each may do, until when, and who uses it. */
export function TokenListPage(): ReactNode {
  const session = useSession();
  const me = useMe();
  const [filter, setFilter] = useState(NO_FILTER);
  const tokens = useOwnTokens(session.data?.username ?? '', filter);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [news, setNews] = useState<string | null>(null);
  return (
    <Page
      title="My tokens"
      lead="A token lets a script or program act for you, without your password. Each can be ended at once."
      actions={
        me.data?.tokenCreation.available === true ? (
          <Link href="/tokens/new" className={styles.link}>
            Create a token
          </Link>
        ) : null
      }
    >
      {me.data === undefined ? null : <CreationNotice creation={me.data.tokenCreation} />}
      {news === null ? null : <Notice kind="good">{news}</Notice>}
      <Section title="Tokens">
        <TokenFilters filter={filter} onChange={setFilter} />
        <DataTable
          caption="My tokens, newest first"
          columns={columns((action, token) => setDoing({ action, token }))}
          keyOf={({ id }) => id}
          empty={
            <NoTokens
              isFiltered={filter.status !== '' || filter.text !== ''}
              mayCreate={me.data?.tokenCreation.available === true}
              onReset={() => setFilter(NO_FILTER)}
            />
          }
          hasTimes
          {...tokens}
        />
      </Section>
      {doing === null ? null : (
        <TokenDialog
          doing={doing}
          validities={me.data?.tokenCreation.validities ?? []}
          onClose={() => setDoing(null)}
          onDone={(text) => {
            setDoing(null);
            setNews(text);
          }}
        />
      )}
    </Page>
  );
}

interface TokenDialogProps {
  readonly doing: Doing;
  readonly validities: Schema<'TokenCreation'>['validities'];
  readonly onClose: () => void;
  readonly onDone: (news: string) => void;
}

function TokenDialog({ doing: { action, token }, validities, onClose, onDone }: TokenDialogProps): ReactNode {
  const [rotated, setRotated] = useState<RotatedToken | null>(null);
  if (rotated !== null) {
    const { successor, isOldAlive } = rotated;
    const news = isOldAlive
      ? `“${successor.description}” has a successor. Give it to the script before the old token ends.`
      : `“${successor.description}” has a successor. The old token has ended: give the new one to the script now.`;
    return <SecretDialog token={successor} onClose={() => onDone(news)} />;
  }
  switch (action) {
    case 'describe':
      return <DescribeTokenDialog token={token} onClose={onClose} onDone={onDone} />;
    case 'revoke':
      return <RevokeTokenDialog token={token} onClose={onClose} onDone={onDone} />;
    case 'rotate':
      return <RotateTokenDialog token={token} validities={validities} onClose={onClose} onDone={setRotated} />;
  }
}

interface TokenFiltersProps {
  readonly filter: TokenFilter;
  readonly onChange: (filter: TokenFilter) => void;
}

function TokenFilters({ filter, onChange }: TokenFiltersProps): ReactNode {
  const [text, setText] = useDraft(filter.text);
  return (
    <SearchForm label="Filter the tokens" onSubmit={() => onChange({ ...filter, text: text.trim() })}>
      <FieldRow>
        <TextField
          label="Search"
          type="search"
          value={text}
          onChange={(next) => {
            setText(next);
            if (next === '') onChange({ ...filter, text: '' });
          }}
          maxLength={255}
          placeholder="Description or id"
        />
        <SelectField<TokenFilter['status']>
          label="State"
          value={filter.status}
          options={[
            { value: '', label: 'All' },
            ...Object.entries(STATUS_TITLES).map(([value, label]) => ({ value: value as Token['status'], label })),
          ]}
          onChange={(status) => onChange({ status, text: text.trim() })}
        />
      </FieldRow>
    </SearchForm>
  );
}

interface NoTokensProps {
  readonly isFiltered: boolean;
  readonly mayCreate: boolean;
  readonly onReset: () => void;
}

function NoTokens({ isFiltered, mayCreate, onReset }: NoTokensProps): ReactNode {
  if (!isFiltered) {
    return mayCreate
      ? 'You have no token yet. Create one for each script or program, and give it no more than it needs.'
      : 'You have no token.';
  }
  return (
    <>
      No token matches. <Button onClick={onReset}>Show all</Button>
    </>
  );
}

function columns(onAction: (action: Action, token: Token) => void): readonly Column<Token>[] {
  return [
    {
      title: 'Token',
      isRowTitle: true,
      cell: ({ description, hint }) => (
        <>
          <span className={styles.description}>{description}</span>
          <code className={styles.soft}>{hint}</code>
        </>
      ),
    },
    {
      title: 'May do',
      cell: ({ scope, status }) => (
        <span className={styles.badges}>
          <ScopeBadge scope={scope} />
          <StatusBadge status={status} />
        </span>
      ),
    },
    { title: 'Ends', cell: ({ createdAt, expiresAt }) => <LifetimeBar createdAt={createdAt} expiresAt={expiresAt} /> },
    { title: 'Last use', cell: (token) => <LastUsed token={token} /> },
    { title: 'Works', cell: (token) => <Limits token={token} /> },
    { title: 'Actions', cell: (token) => <Actions token={token} onAction={onAction} /> },
  ];
}

function Limits({ token: { applications, allowList } }: { readonly token: Token }): ReactNode {
  return (
    <>
      {applications === null ? 'In every application' : `In ${applications.join(', ')}`}
      {allowList === null ? null : <div className={styles.soft}>from {allowList.join(', ')}</div>}
    </>
  );
}

interface ActionsProps {
  readonly token: Token;
  readonly onAction: (action: Action, token: Token) => void;
}

function Actions({ token, onAction }: ActionsProps): ReactNode {
  const { description, status } = token;
  const isAlive = status === 'active' || status === 'suspended';
  const button = (action: Action, title: string): ReactNode => (
    <Button look="quiet" aria-label={`${title} ${description}`} onClick={() => onAction(action, token)}>
      {title}
    </Button>
  );
  return (
    <span className={styles.actions}>
      {button('describe', 'Rename')}
      {isAlive ? button('rotate', 'Rotate') : null}
      {isAlive ? button('revoke', 'Revoke') : null}
    </span>
  );
}
