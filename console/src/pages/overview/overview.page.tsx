import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import { FieldRow } from '../../components/field';
import { Page, Section } from '../../components/page';
import { TimeRangePicker } from '../../components/time-range';
import { readTimeRange, writeTimeRange, type TimeRange } from '../../data/time-range';
import { ConsoleWarnings } from '../../documents/console-warnings';
import { NodeTable } from './node-table';
import { PasswordUse } from './password-use';
import { RefusalReasons, RequestsByOutcome } from './request-charts';
import { TokenFigures } from './token-figures';

const DEFAULT_RANGE = '7d';

/** What happens, and what has to be looked at (R103). */
export function OverviewPage(): ReactNode {
  const [params, setParams] = useSearchParams();
  const range = readTimeRange(params, DEFAULT_RANGE);
  const change = (next: TimeRange): void => {
    const changed = new URLSearchParams(params);
    writeTimeRange(next, changed);
    setParams(changed, { replace: true });
  };
  const audit = new URLSearchParams({ outcome: 'denied' });
  writeTimeRange(range, audit);
  return (
    <Page
      title="Overview"
      lead="What the gateway let through and refused, who still uses passwords, and which tokens need a look."
    >
      <ConsoleWarnings />
      <FieldRow>
        <TimeRangePicker range={range} onChange={change} />
      </FieldRow>
      <Section title="Requests to applications">
        <RequestsByOutcome range={range} />
      </Section>
      <Section
        title="Refusals and failures by reason"
        actions={<Link href={`/audit?${audit.toString()}`}>Refusals in the audit log</Link>}
      >
        <RefusalReasons range={range} />
      </Section>
      <Section title="Who still uses passwords" actions={<Link href="/settings">Switch passwords off</Link>}>
        <PasswordUse range={range} />
      </Section>
      <Section title="Tokens" actions={<Link href="/all-tokens">All tokens</Link>}>
        <TokenFigures />
      </Section>
      <Section title="Nodes">
        <NodeTable />
      </Section>
    </Page>
  );
}
