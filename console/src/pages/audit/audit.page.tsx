import { useState, type ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import { Button } from '../../components/button';
import { DataTable, type Column } from '../../components/data-table';
import { Checkbox } from '../../components/field';
import { OutcomeBadge } from '../../components/outcome-badge';
import { Page, Section } from '../../components/page';
import { Time } from '../../components/time';
import { auditExportAddress, useAuditEvents, type AuditEvent } from '../../data/audit';
import { readAuditFilter, writeAuditFilter, type AuditFilter } from '../../data/audit-filter';
import styles from './audit.module.css';
import { AuditFilterForm } from './audit-filter-form';
import { EventDialog } from './event.dialog';

/** All events, with the true reasons; the address holds the filter (R104). */
export function AuditPage(): ReactNode {
  const [params, setParams] = useSearchParams();
  const filter = readAuditFilter(params);
  const [isLive, setLive] = useState(false);
  const [opened, setOpened] = useState<AuditEvent | null>(null);
  const events = useAuditEvents(filter, isLive);
  const change = (next: AuditFilter): void => setParams(writeAuditFilter(next), { replace: true });
  return (
    <Page
      title="Audit"
      lead="Every request and every change, with the true reason of each refusal."
      actions={
        <>
          <a className={styles.export} href={auditExportAddress(filter, 'csv')} download>
            Export CSV
          </a>
          <a className={styles.export} href={auditExportAddress(filter, 'ndjson')} download>
            Export JSON lines
          </a>
        </>
      }
    >
      <Section title="Filter">
        <AuditFilterForm filter={filter} onChange={change} />
      </Section>
      <Section
        title="Events"
        actions={<Checkbox label="Live: ask every two seconds" isChosen={isLive} onChange={setLive} />}
      >
        <DataTable
          caption="Audit events, newest first"
          columns={columns(setOpened)}
          keyOf={({ id }) => id}
          empty={
            <>
              No event matches. Choose a longer time or fewer filters, or{' '}
              <Link href="/audit">show the last 24 hours</Link>.
            </>
          }
          hasTimes
          {...events}
        />
      </Section>
      <EventDialog event={opened} onClose={() => setOpened(null)} />
    </Page>
  );
}

function columns(open: (event: AuditEvent) => void): readonly Column<AuditEvent>[] {
  return [
    {
      title: 'Time',
      isRowTitle: true,
      cell: (event) => (
        <Button look="quiet" className={styles.open} onClick={() => open(event)}>
          <Time at={event.at} isExact />
        </Button>
      ),
    },
    { title: 'Outcome', cell: ({ outcome }) => <OutcomeBadge outcome={outcome} /> },
    { title: 'Event', cell: ({ type, count }) => (count > 1 ? `${type} (${count} times)` : type) },
    { title: 'Reason', cell: ({ code }) => (code === null ? '–' : <code className={styles.reason}>{code}</code>) },
    { title: 'User', cell: ({ actor, owner }) => actor ?? owner ?? '–' },
    { title: 'Request', cell: requestOf },
    { title: 'Address', cell: ({ clientIp, peer }) => <div className={styles.address}>{clientIp ?? peer ?? '–'}</div> },
  ];
}

function requestOf({ method, path, application, status }: AuditEvent): ReactNode {
  if (method === null && path === null) return '–';
  return (
    <div className={styles.request}>
      <code>
        {method} {path}
      </code>
      {application === null ? '' : ` at ${application}`}
      {status === null ? '' : ` → ${status}`}
    </div>
  );
}
