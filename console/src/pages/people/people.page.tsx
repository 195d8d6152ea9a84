import type { ReactNode } from 'react';
import { useLocation } from 'wouter';
import { Page } from '../../components/page';
import { Tabs } from '../../components/tabs';
import { GroupsTab } from './groups.tab';
import { UsersTab } from './users.tab';

type Tab = 'users' | 'groups';

const TABS = [
  { value: 'users', title: 'Users', content: <UsersTab /> },
  { value: 'groups', title: 'Groups', content: <GroupsTab /> },
] as const;

/** R104: who there is, in which groups. */
export function PeoplePage(): ReactNode {
  const [location, navigate] = useLocation();
  const part = location.split('/')[2] ?? '';
  const tab: Tab = TABS.find(({ value }) => value === part)?.value ?? 'users';
  return (
    <Page title="People" lead="Who can have tokens, and log in here.">
      <Tabs label="People" value={tab} tabs={TABS} onChange={(next) => navigate(`/people/${next}`)} />
    </Page>
  );
}
