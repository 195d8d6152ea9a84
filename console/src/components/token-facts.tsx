import type { ReactNode } from 'react';
import type { Schema } from '../api/client';
import { Badge, type BadgeLook } from './badge';
import { Facts } from './facts';
import { inDigits } from './number';
import { Time } from './time';

type Token = Schema<'Token'>;

const SCOPE_TITLES: Readonly<Record<Token['scope'], string>> = {
  'read-only': 'Read only',
  'read-write': 'Read and write',
};

export const STATUS_TITLES: Readonly<Record<Token['status'], string>> = {
  active: 'Active',
  suspended: 'Suspended',
  expired: 'Expired',
  revoked: 'Revoked',
};

const STATUS_LOOKS: Readonly<Record<Token['status'], BadgeLook>> = {
  active: 'good',
  suspended: 'warning',
  expired: 'plain',
  revoked: 'plain',
};

export function ScopeBadge({ scope }: Pick<Token, 'scope'>): ReactNode {
  return <Badge look={scope === 'read-only' ? 'plain' : 'accent'}>{SCOPE_TITLES[scope]}</Badge>;
}

export function StatusBadge({ status }: Pick<Token, 'status'>): ReactNode {
  return <Badge look={STATUS_LOOKS[status]}>{STATUS_TITLES[status]}</Badge>;
}

/** Everything about a token but its secret: to be read before something is done to it. */
export function TokenFacts({ token }: { readonly token: Token }): ReactNode {
  const { useCount: uses } = token;
  return (
    <Facts
      facts={[
        ['Description', token.description],
        ['Token', <code key="hint">{token.hint}</code>],
        ['Owner', token.owner],
        ['Scope', <ScopeBadge key="scope" scope={token.scope} />],
        ['State', <StatusBadge key="status" status={token.status} />],
        ['Created', <Created key="created" token={token} />],
        ['Ends', <Time key="ends" at={token.expiresAt} otherwise="Never" />],
        ['Last use', <LastUsed key="last" token={token} />],
        ['Uses', inDigits(uses)],
        ['Applications', token.applications === null ? 'All' : token.applications.join(', ')],
        ['Addresses', token.allowList === null ? 'All that the settings allow' : token.allowList.join(', ')],
        ...(token.revokedAt === null ? [] : [['Revoked', <Revoked key="revoked" token={token} />] as const]),
        ...(token.successorId === null ? [] : [['Replaced by', <code key="next">{token.successorId}</code>] as const]),
      ]}
    />
  );
}

function Created({ token: { createdAt, createdBy, owner } }: { readonly token: Token }): ReactNode {
  return (
    <>
      <Time at={createdAt} />
      {createdBy === owner ? null : ` by ${createdBy}`}
    </>
  );
}

function Revoked({ token: { revokedAt, revokedBy } }: { readonly token: Token }): ReactNode {
  return (
    <>
      <Time at={revokedAt} />
      {revokedBy === null ? null : ` by ${revokedBy}`}
    </>
  );
}

/** When, and from which address. */
export function LastUsed({ token: { lastUsedAt, lastUsedIp } }: { readonly token: Token }): ReactNode {
  return (
    <>
      <Time at={lastUsedAt} otherwise="Never" isRelative />
      {lastUsedIp === null ? null : (
        <>
          {' '}
          from <code>{lastUsedIp}</code>
        </>
      )}
    </>
  );
}
