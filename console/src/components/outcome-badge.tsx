import type { ReactNode } from 'react';
import { Badge, type BadgeLook } from './badge';

const OUTCOMES: Readonly<Record<string, readonly [look: BadgeLook, title: string]>> = {
  allowed: ['good', 'Allowed'],
  passed: ['plain', 'Passed on'],
  denied: ['bad', 'Denied'],
  failed: ['bad', 'Failed'],
  changed: ['accent', 'Changed'],
};

/** What became of a request. */
export function OutcomeBadge({ outcome }: { readonly outcome: string }): ReactNode {
  const [look, title] = OUTCOMES[outcome] ?? (['plain', outcome] as const);
  return <Badge look={look}>{title}</Badge>;
}
