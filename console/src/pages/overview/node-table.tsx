import type { ReactNode } from 'react';
import type { Schema } from '../../api/client';
import { Badge } from '../../components/badge';
import { DataTable, type Column } from '../../components/data-table';
import { Time } from '../../components/time';
import { useNodes } from '../../data/reports';

const number = new Intl.NumberFormat('en');

const COLUMNS: readonly Column<Schema<'Node'>>[] = [
  { title: 'Node', isRowTitle: true, cell: ({ id }) => <code>{id}</code> },
  { title: 'State', cell: ({ live }) => <Badge look={live ? 'good' : 'bad'}>{live ? 'live' : 'gone'}</Badge> },
  { title: 'Last seen', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} isRelative /> },
  { title: 'Version', cell: ({ version }) => version ?? '–' },
  { title: 'Lag', isNumber: true, cell: ({ lagMs }) => (lagMs === null ? '–' : `${number.format(lagMs)} ms`) },
  {
    title: 'Events to store',
    isNumber: true,
    cell: ({ journalBytes }) => (journalBytes === null ? '–' : `${number.format(journalBytes)} bytes`),
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
      empty="No node has said anything of itself yet."
    />
  );
}
