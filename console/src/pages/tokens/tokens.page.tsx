import type { ReactNode } from 'react';
import { Page } from '../../components/page';

export function TokensPage(): ReactNode {
  return <Page title="My tokens">{null}</Page>;
}
