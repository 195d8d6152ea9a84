import type { ReactNode } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Page } from '../../components/page';
import { Tabs } from '../../components/tabs';
import { DirectoriesTab } from '../directories/directories.tab';
import { DirectoryPage } from '../directories/directory.page';
import { NewDirectoryPage } from '../directories/new-directory.page';
import { GroupsTab } from './groups.tab';
import { UsersTab } from './users.tab';

type Tab = 'users' | 'groups' | 'directories';

const TABS = [
  { value: 'users', title: 'Users', content: <UsersTab /> },
  { value: 'groups', title: 'Groups', content: <GroupsTab /> },
  { value: 'directories', title: 'Directories', content: <DirectoriesTab /> },
] as const;

/** R104: who there is, in which groups, and where they come from. */
export function PeoplePage(): ReactNode {
  return (
    <Switch>
      <Route path="/people/directories/new" component={NewDirectoryPage} />
      <Route path="/people/directories/:key/*?">{({ key }) => <DirectoryPage key={key} directoryKey={key} />}</Route>
      <Route component={PeopleTabs} />
    </Switch>
  );
}

function PeopleTabs(): ReactNode {
  const [location, navigate] = useLocation();
  const part = location.split('/')[2] ?? '';
  const tab: Tab = TABS.find(({ value }) => value === part)?.value ?? 'users';
  return (
    <Page title="People" lead="Who can have tokens, and log in here.">
      <Tabs label="People" value={tab} tabs={TABS} onChange={(next) => navigate(`/people/${next}`)} />
    </Page>
  );
}
