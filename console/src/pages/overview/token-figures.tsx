import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ProblemNotice } from '../../components/notice';
import { Time } from '../../components/time';
import { useAllTokens, type Token } from '../../data/all-tokens';
import { readTokenFilter, TOKEN_LOOKS, type TokenLook } from '../../data/token-filter';
import styles from './overview.module.css';

const SHOWN = 5;

/** The first few tokens that end soon, are unused or exceed the rules, each with a way to all of them. */
export function TokenFigures(): ReactNode {
  return (
    <div className={styles.figures}>
      {(['ends-30d', 'never-used', 'unused-90d', 'exceeds-policy'] as const).map((look) => (
        <Figure key={look} look={look} />
      ))}
    </div>
  );
}

function Figure({ look }: { readonly look: TokenLook }): ReactNode {
  const { rows, problem, hasMore } = useAllTokens({ ...readTokenFilter(new URLSearchParams()), look }, SHOWN);
  return (
    <div>
      <h3>
        <Link href={`/all-tokens?look=${look}`}>{TOKEN_LOOKS[look]}</Link>
      </h3>
      <ProblemNotice problem={problem} />
      {rows?.length === 0 ? <p className={styles.none}>None.</p> : null}
      <ul className={styles.tokens}>
        {rows?.map((token) => (
          <li key={token.id}>
            {token.description} of {token.owner}
            <span className={styles.detail}>{detailOf(token, look)}</span>
          </li>
        ))}
      </ul>
      {hasMore ? <Link href={`/all-tokens?look=${look}`}>Show all</Link> : null}
    </div>
  );
}

function detailOf({ expiresAt, createdAt, lastUsedAt }: Token, look: TokenLook): ReactNode {
  const [words, at] =
    look === 'unused-90d'
      ? (['last used', lastUsedAt] as const)
      : look === 'never-used'
        ? (['created', createdAt] as const)
        : (['ends', expiresAt] as const);
  return (
    <>
      {words} <Time at={at} otherwise="never" isRelative />
    </>
  );
}
