import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { BarList } from '../../components/bar-list';
import { Loading } from '../../components/data-table';
import { DayChart } from '../../components/day-chart';
import { daysBetween } from '../../components/day-series';
import { ProblemNotice } from '../../components/notice';
import { useUsage } from '../../data/reports';
import type { TimeRange } from '../../data/time-range';
import { Incomplete } from './incomplete';
import { largestBy, seriesOf, toApplications } from './usage-rows';

const MAX_REASONS = 12;

interface InRange {
  readonly range: TimeRange;
}

const BY = 'day,application';

/** Allowed, passed, refused and failed requests of each day. */
export function RequestsByOutcome({ range }: InRange): ReactNode {
  const allowed = useUsage(range, BY, { outcome: 'allowed' });
  const passed = useUsage(range, BY, { outcome: 'passed' });
  const denied = useUsage(range, BY, { outcome: 'denied' });
  const failed = useUsage(range, BY, { outcome: 'failed' });
  const problem = [allowed, passed, denied, failed].find(({ error }) => error !== null)?.error;
  if (problem !== undefined) return <ProblemNotice problem={problem} />;
  if (!allowed.data || !passed.data || !denied.data || !failed.data) return <Loading />;
  return (
    <>
      <Incomplete reports={[allowed.data, passed.data, denied.data, failed.data]} />
      <DayChart
        title="Requests"
        days={daysBetween(allowed.data.from, allowed.data.to)}
        series={[
          seriesOf('Allowed', toApplications(allowed.data.rows)),
          seriesOf('Refused', toApplications(denied.data.rows)),
          seriesOf('Passed on', toApplications(passed.data.rows)),
          seriesOf('Failed', toApplications(failed.data.rows)),
        ]}
      />
    </>
  );
}

/** The true reasons, each with its events in the audit log. */
export function RefusalReasons({ range }: InRange): ReactNode {
  const reasons = useUsage(range, 'code');
  if (reasons.isError) return <ProblemNotice problem={reasons.error} />;
  if (reasons.isPending) return <Loading />;
  const { from, to, rows } = reasons.data;
  return (
    <>
      <Incomplete reports={[reasons.data]} />
      <BarList
        caption="Refusals and failures by reason"
        titles={['Reason', 'Events']}
        empty="Nothing was refused, and nothing failed in this time."
        items={largestBy('code', rows, MAX_REASONS).map(({ key, events }) => ({
          key,
          label: <Link href={`/audit?${new URLSearchParams({ from, to, code: key }).toString()}`}>{key}</Link>,
          count: events,
        }))}
      />
    </>
  );
}
