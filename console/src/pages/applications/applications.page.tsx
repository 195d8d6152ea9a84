import type { ReactNode } from 'react';
import { Link, Route, Switch } from 'wouter';
import { Badge } from '../../components/badge';
import { LinkButton } from '../../components/link-button';
import { DataTable, type Column } from '../../components/data-table';
import { Page, Section } from '../../components/page';
import { useApplications, type Application } from '../../data/applications';
import { ApplicationPage } from './application.page';
import { applicationPath, identityText, mountText } from './application-fields';
import styles from './applications.module.css';
import { NewApplicationPage } from './new-application.page';

/** R104: what is protected, and how. */
export function ApplicationsPage(): ReactNode {
  return (
    <Switch>
      <Route path="/applications" component={ApplicationListPage} />
      <Route path="/applications/new" component={NewApplicationPage} />
      <Route path="/applications/:key/*?">{({ key }) => <ApplicationPage key={key} applicationKey={key} />}</Route>
    </Switch>
  );
}

const COLUMNS: readonly Column<Application>[] = [
  {
    title: 'Application',
    isRowTitle: true,
    cell: ({ key, name }) => (
      <>
        <Link href={applicationPath(key)}>{name}</Link>
        <span className={styles.key}>{key}</span>
      </>
    ),
  },
  { title: 'Product', cell: ({ kind, version }) => (version === null ? kind : `${kind} ${version}`) },
  { title: 'Clients reach it at', cell: (application) => <code>{mountText(application)}</code> },
  { title: 'Lives at', cell: ({ upstream }) => <code>{upstream}</code> },
  { title: 'Identity', cell: identityText },
  {
    title: 'State',
    cell: ({ warnings }) =>
      warnings.length === 0 ? (
        <Badge look="good">Fine</Badge>
      ) : (
        <Badge look="warning">{warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`}</Badge>
      ),
  },
];

function ApplicationListPage(): ReactNode {
  const applications = useApplications();
  return (
    <Page
      title="Applications"
      lead="What is protected. Clients reach an application here, and the gateway passes on what it allows."
      actions={
        <LinkButton look="primary" href="/applications/new">
          Protect an application
        </LinkButton>
      }
    >
      <Section title="Protected applications">
        <DataTable
          caption="Protected applications"
          columns={COLUMNS}
          keyOf={({ key }) => key}
          empty="No application is protected yet. Choose “Protect an application”: for a known product, its address is enough."
          {...applications}
        />
      </Section>
    </Page>
  );
}
