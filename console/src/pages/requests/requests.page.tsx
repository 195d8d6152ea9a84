import type { ReactNode } from 'react';
import { Route, Switch } from 'wouter';
import { RequestListPage } from './request-list.page';
import { RequestPage } from './request.page';

/** What happened to one's own requests, and why (R101). */
export function RequestsPage(): ReactNode {
  return (
    <Switch>
      <Route path="/requests/:requestId">
        {({ requestId }) => <RequestPage key={requestId} requestId={safelyDecoded(requestId)} />}
      </Route>
      <Route component={RequestListPage} />
    </Switch>
  );
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
