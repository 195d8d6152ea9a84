import { lazy, type ComponentType } from 'react';

/** A page of the console. */
export interface Route {
  /** Below `/console`. */
  readonly path: string;
  readonly title: string;
  /** Fetched when it is opened for the first time. */
  readonly page: ComponentType;
}

function fetched(page: () => Promise<ComponentType>): ComponentType {
  return lazy(async () => ({ default: await page() }));
}

/** For everybody (R100, R101). The first one opens after the login. */
export const USER_ROUTES: readonly Route[] = [
  {
    path: '/tokens',
    title: 'My tokens',
    page: fetched(async () => (await import('../pages/tokens/tokens.page')).TokensPage),
  },
  {
    path: '/credentials',
    title: 'My credentials',
    page: fetched(async () => (await import('../pages/credentials/credentials.page')).CredentialsPage),
  },
  {
    path: '/requests',
    title: 'My requests',
    page: fetched(async () => (await import('../pages/requests/requests.page')).RequestsPage),
  },
];

/** For administrators (R102 to R104). */
export const ADMINISTRATOR_ROUTES: readonly Route[] = [
  {
    path: '/overview',
    title: 'Overview',
    page: fetched(async () => (await import('../pages/overview/overview.page')).OverviewPage),
  },
  {
    path: '/all-tokens',
    title: 'All tokens',
    page: fetched(async () => (await import('../pages/all-tokens/all-tokens.page')).AllTokensPage),
  },
  {
    path: '/applications',
    title: 'Applications',
    page: fetched(async () => (await import('../pages/applications/applications.page')).ApplicationsPage),
  },
  {
    path: '/people',
    title: 'People',
    page: fetched(async () => (await import('../pages/people/people.page')).PeoplePage),
  },
  {
    path: '/permissions',
    title: 'Permissions',
    page: fetched(async () => (await import('../pages/permissions/permissions.page')).PermissionsPage),
  },
  {
    path: '/settings',
    title: 'Settings',
    page: fetched(async () => (await import('../pages/settings/settings.page')).SettingsPage),
  },
  { path: '/audit', title: 'Audit', page: fetched(async () => (await import('../pages/audit/audit.page')).AuditPage) },
  {
    path: '/explain',
    title: 'Explain',
    page: fetched(async () => (await import('../pages/explain/explain.page')).ExplainPage),
  },
];
