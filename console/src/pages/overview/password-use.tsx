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
import { largestBy, seriesOf } from './usage-rows';

const MAX_USERS = 20;

/** Passwords that went on to an application. Those of the management API are judged, and so `allowed`. */
const FORWARDED = { credential: 'password', outcome: 'passed' } as const;

/** How the requests with a password fall from day to day, and whose they are. */
export function PasswordUse({ range }: { readonly range: TimeRange }): ReactNode {
  const byDay = useUsage(range, 'day', FORWARDED);
  const byUser = useUsage(range, 'user', FORWARDED);
  const problem = byDay.error ?? byUser.error;
  if (problem !== null) return <ProblemNotice problem={problem} />;
  if (!byDay.data || !byUser.data) return <Loading />;
  const { from, to, rows } = byDay.data;
  return (
    <>
      <Incomplete reports={[byDay.data, byUser.data]} />
      <DayChart
        title="Requests with a password"
        days={daysBetween(from, to)}
        series={[seriesOf('With a password', rows)]}
      />
      <BarList
        caption="Users who use passwords"
        titles={['User', 'Requests with a password']}
        empty="Nobody used a password in this time."
        items={largestBy('user', byUser.data.rows, MAX_USERS).map(({ key, events }) => ({
          key,
          label: (
            <Link href={`/audit?${new URLSearchParams({ from, to, user: key, credential: 'password' }).toString()}`}>
              {key}
            </Link>
          ),
          count: events,
        }))}
      />
    </>
  );
}
