import type { ReactNode } from 'react';
import type { Schema } from '../../api/client';
import { Badge } from '../../components/badge';
import { DataTable, type Column } from '../../components/data-table';
import { inDigits } from '../../components/number';
import { Time } from '../../components/time';
import { useNodes } from '../../data/reports';

const COLUMNS: readonly Column<Schema<'Node'>>[] = [
  { title: 'Node', isRowTitle: true, cell: ({ id }) => <code>{id}</code> },
  { title: 'State', cell: ({ live }) => <Badge look={live ? 'good' : 'bad'}>{live ? 'Live' : 'Gone'}</Badge> },
  { title: 'Last seen', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} isRelative /> },
  { title: 'Version', cell: ({ version }) => version ?? '–' },
  { title: 'Lag', isNumber: true, cell: ({ lagMs }) => (lagMs === null ? '–' : `${inDigits(lagMs)} ms`) },
  {
    title: 'Journal not stored yet',
    isNumber: true,
    cell: ({ journalBytes }) => (journalBytes === null ? '–' : `${inDigits(journalBytes)} bytes`),
  },
];

/** The processes that judge requests, and how far behind they are. */
export function NodeTable(): ReactNode {
  const nodes = useNodes();
  return (
    <DataTable
      caption="Nodes"
      columns={COLUMNS}
      rows={nodes.data?.items}
      keyOf={({ id }) => id}
      problem={nodes.error}
      onRetry={() => void nodes.refetch()}
      empty="No node has said anything of itself yet."
    />
  );
}
