import type { ReactNode } from 'react';
import { Notice } from '../../components/notice';
import type { Usage } from '../../data/reports';

/** Says what is missing from incomplete figures. */
export function Incomplete({ reports }: { readonly reports: readonly Usage[] }): ReactNode {
  const notes = [...new Set(reports.flatMap(({ note }) => (note === null ? [] : [note])))];
  return notes.map((note) => (
    <Notice key={note} kind="warning" title="These figures are incomplete">
      {note}
    </Notice>
  ));
}
