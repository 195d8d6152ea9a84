import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import { Badge } from '../../components/badge';
import { choices } from '../../components/choices';
import { DataTable, type Column } from '../../components/data-table';
import { FieldRow, SelectField, TextField } from '../../components/field';
import { OutcomeBadge } from '../../components/outcome-badge';
import { Page, Section } from '../../components/page';
import { SearchForm } from '../../components/search-form';
import { TimeRangePicker } from '../../components/time-range';
import { Time } from '../../components/time';
import { useDraft } from '../../components/draft';
import { useOwnApplications } from '../../data/own-applications';
import {
  OWN_OUTCOMES,
  readOwnRequestFilter,
  writeOwnRequestFilter,
  type OwnRequestFilter,
} from '../../data/own-request-filter';
import { useOwnRequests, type OwnRequest } from '../../data/own-requests';
import { trimmed } from '../../data/trimmed';
import { ExplainForm } from './explain-form';
import styles from './requests.module.css';

/** One's own requests, newest first. */
export function RequestListPage(): ReactNode {
  const [params] = useSearchParams();
  const requests = useOwnRequests(readOwnRequestFilter(params));
  return (
    <Page title="My requests" lead="What your tokens and logins were used for, and what became of it.">
      <Section title="Why was this refused?">
        <ExplainForm />
      </Section>
      <Section title="Requests">
        <RequestFilters />
        <DataTable
          caption="My requests, newest first"
          columns={COLUMNS}
          keyOf={({ at, requestId, path }) => `${at} ${requestId ?? ''} ${path ?? ''}`}
          empty="No request matches. Choose a longer time or fewer filters, or send a request with one of your tokens."
          hasTimes
          {...requests}
        />
      </Section>
    </Page>
  );
}

/** The choices act at once, the texts with Enter or the button. */
function RequestFilters(): ReactNode {
  const [params, setParams] = useSearchParams();
  const applications = useOwnApplications();
  const { range, values } = readOwnRequestFilter(params);
  const [{ q, code }, setTexts] = useDraft({ q: values.q, code: values.code });
  const typed = { ...values, ...trimmed({ q, code }) };
  const apply = (filter: OwnRequestFilter): void => setParams(writeOwnRequestFilter(filter), { replace: true });
  return (
    <SearchForm label="Filter the requests" onSubmit={() => apply({ range, values: typed })}>
      <FieldRow>
        <TimeRangePicker range={range} onChange={(next) => apply({ range: next, values: typed })} />
        <SelectField
          label="Outcome"
          value={values.outcome}
          options={choices(OWN_OUTCOMES)}
          onChange={(outcome) => apply({ range, values: { ...typed, outcome } })}
        />
        <SelectField
          label="Application"
          value={values.application}
          options={[...choices([]), ...applicationOptions(applications.data ?? [], values.application)]}
          onChange={(application) => apply({ range, values: { ...typed, application } })}
        />
        <TextField
          label="Code"
          value={code}
          placeholder="token_expired"
          maxLength={40}
          spellCheck={false}
          onChange={(next) => setTexts({ q, code: next })}
        />
        <TextField
          label="Search"
          type="search"
          value={q}
          placeholder="Path, token or program"
          maxLength={255}
          onChange={(next) => setTexts({ q: next, code })}
        />
      </FieldRow>
    </SearchForm>
  );
}

function applicationOptions(
  applications: readonly { readonly key: string; readonly name: string }[],
  chosen: string,
): readonly { readonly value: string; readonly label: string }[] {
  const options = applications.map(({ key, name }) => ({ value: key, label: name }));
  const isListed = chosen === '' || options.some(({ value }) => value === chosen);
  return isListed ? options : [...options, { value: chosen, label: chosen }];
}

/** What became of it: at the gateway, or at the application behind it. */
export function RequestOutcome({ request: { outcome, upstreamRefused } }: { readonly request: OwnRequest }): ReactNode {
  return upstreamRefused ? <Badge look="warning">Application refused</Badge> : <OutcomeBadge outcome={outcome} />;
}

const COLUMNS: readonly Column<OwnRequest>[] = [
  {
    title: 'Request',
    isRowTitle: true,
    cell: ({ method, path, application, type }) => (
      <>
        <code>{method === null ? type : `${method} ${path ?? ''}`}</code>
        <div className={styles.soft}>{application ?? 'Scopegate itself'}</div>
      </>
    ),
  },
  { title: 'Time', cell: ({ at }) => <Time at={at} isExact /> },
  {
    title: 'Result',
    cell: (request) => (
      <>
        <RequestOutcome request={request} /> {request.status}
        {request.count > 1 ? <span className={styles.soft}> {request.count} times</span> : null}
        {request.code === null ? null : <div className={styles.soft}>{request.title}</div>}
      </>
    ),
  },
  {
    title: 'With',
    cell: ({ tokenDescription, credential, clientIp }) => (
      <>
        {tokenDescription ?? credential ?? '–'}
        {clientIp === null ? null : (
          <div className={styles.soft}>
            from <code>{clientIp}</code>
          </div>
        )}
      </>
    ),
  },
  {
    title: 'Why',
    cell: ({ requestId, method, path }) =>
      requestId === null ? (
        '–'
      ) : (
        <Link
          href={`/requests/${encodeURIComponent(requestId)}`}
          className={styles.explain}
          aria-label={`Explain ${method ?? ''} ${path ?? ''}`}
        >
          Explain
        </Link>
      ),
  },
];
