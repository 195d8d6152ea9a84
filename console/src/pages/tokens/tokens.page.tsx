import type { ReactNode } from 'react';
import { Route, Switch } from 'wouter';
import { NewTokenPage } from './new-token.page';
import { TokenListPage } from './token-list.page';

/** One's own tokens, and a new one (R100). */
export function TokensPage(): ReactNode {
  return (
    <Switch>
      <Route path="/tokens/new" component={NewTokenPage} />
      <Route component={TokenListPage} />
    </Switch>
  );
}
