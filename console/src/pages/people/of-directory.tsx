import type { ReactNode } from 'react';
import { Badge } from '../../components/badge';
import { isLocal } from '../../data/directories';

/** Marks what comes from a directory. */
export function OfDirectory({ of }: { readonly of: { readonly directory?: string } }): ReactNode {
  return isLocal(of) ? null : <Badge look="accent">{of.directory}</Badge>;
}
