import type { ReactNode } from 'react';
import { Badge, type BadgeLook } from './badge';

const LOOKS: Readonly<Record<string, BadgeLook>> = {
  allowed: 'good',
  passed: 'plain',
  denied: 'bad',
  failed: 'bad',
  changed: 'accent',
};

/** What became of a request. */
export function OutcomeBadge({ outcome }: { readonly outcome: string }): ReactNode {
  return <Badge look={LOOKS[outcome] ?? 'plain'}>{outcome}</Badge>;
}
