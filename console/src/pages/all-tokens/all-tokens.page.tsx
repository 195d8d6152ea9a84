import { useState, type ReactNode } from 'react';
import { useSearchParams } from 'wouter';
import { Button } from '../../components/button';
import { DataTable, type Column } from '../../components/data-table';
import { Dialog } from '../../components/dialog';
import { Page, Section } from '../../components/page';
import { Time } from '../../components/time';
import { LastUsed, ScopeBadge, StatusBadge, TokenFacts } from '../../components/token-facts';
import { useAllTokens, type Token } from '../../data/all-tokens';
import { readTokenFilter, writeTokenFilter } from '../../data/token-filter';
import styles from './all-tokens.module.css';
import { RevokeSelected } from './revoke-selected';
import { TokenFilterForm } from './token-filter-form';

/** Everybody's tokens, for administrators: find them, and revoke several at once (R103, R104). */
export function AllTokensPage(): ReactNode {
  const [params, setParams] = useSearchParams();
  const filter = readTokenFilter(params);
  const list = useAllTokens(filter);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Token>>(new Map());
  const [opened, setOpened] = useState<Token | null>(null);
  const toggle = (token: Token): void => {
    const next = new Map(chosen);
    if (!next.delete(token.id)) next.set(token.id, token);
    setChosen(next);
  };
  return (
    <Page title="All tokens" lead="Of every user. Choose several to revoke them at once.">
      <Section title="Filter">
        <TokenFilterForm filter={filter} onChange={(next) => setParams(writeTokenFilter(next), { replace: true })} />
      </Section>
      <Section
        title="Tokens"
        actions={<RevokeSelected tokens={[...chosen.values()]} onDone={() => setChosen(new Map())} />}
      >
        <DataTable
          caption="Tokens of all users"
          columns={columns(chosen, toggle, setOpened)}
          keyOf={({ id }) => id}
          empty="No token matches. Remove a filter."
          hasTimes
          {...list}
        />
      </Section>
      {opened === null ? null : (
        <Dialog isOpen onClose={() => setOpened(null)} title={opened.description} isWide>
          <TokenFacts token={opened} />
        </Dialog>
      )}
    </Page>
  );
}

function columns(
  chosen: ReadonlyMap<string, Token>,
  toggle: (token: Token) => void,
  open: (token: Token) => void,
): readonly Column<Token>[] {
  return [
    {
      title: 'Choose',
      cell: (token) => (
        <input
          type="checkbox"
          className={styles.choose}
          aria-label={`Choose ${token.description} of ${token.owner}`}
          checked={chosen.has(token.id)}
          disabled={token.status === 'revoked'}
          onChange={() => toggle(token)}
        />
      ),
    },
    {
      title: 'Token',
      isRowTitle: true,
      cell: (token) => (
        <Button look="quiet" className={styles.open} onClick={() => open(token)}>
          {token.description}
        </Button>
      ),
    },
    { title: 'Owner', cell: ({ owner }) => owner },
    { title: 'Scope', cell: ({ scope }) => <ScopeBadge scope={scope} /> },
    { title: 'State', cell: ({ status }) => <StatusBadge status={status} /> },
    { title: 'Ends', cell: ({ expiresAt }) => <Time at={expiresAt} otherwise="Never" /> },
    { title: 'Last use', cell: (token) => <LastUsed token={token} /> },
  ];
}
