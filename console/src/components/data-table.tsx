import type { ReactNode } from 'react';
import { Button } from './button';
import styles from './data-table.module.css';
import { ProblemNotice } from './notice';

export interface Column<Row> {
  /** Stands in front of the value where the table is shown as cards. */
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** For numbers. */
  readonly isNumber?: boolean;
  /** The first column names the row. */
  readonly isRowTitle?: boolean;
}

interface DataTableProps<Row> {
  /** What the table lists, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** Undefined while they are loading. */
  readonly rows: readonly Row[] | undefined;
  readonly keyOf: (row: Row) => string;
  /** What is shown where there are none: say what to do next. */
  readonly empty: ReactNode;
  readonly problem?: unknown;
  /** There are more rows to fetch. */
  readonly hasMore?: boolean;
  readonly isFetchingMore?: boolean;
  readonly onMore?: () => void;
}

/** Rows and columns; on a narrow screen, each row is a card. */
export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const { caption, columns, rows, keyOf, empty, problem, hasMore = false, isFetchingMore = false, onMore } = props;
  if (problem !== undefined && problem !== null) return <ProblemNotice problem={problem} />;
  if (rows === undefined) return <Loading />;
  if (rows.length === 0 && !hasMore) return <div className={styles.empty}>{empty}</div>;
  return (
    <div className={styles.frame}>
      <table className={styles.table}>
        <caption className={styles.caption}>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" className={isNumber === true ? styles.number : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <Cell key={column.title} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {hasMore ? (
        <div className={styles.more}>
          <Button isBusy={isFetchingMore} onClick={onMore}>
            Show more
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Cell<Row>({ column, row }: { readonly column: Column<Row>; readonly row: Row }): ReactNode {
  const { title, cell, isNumber = false, isRowTitle = false } = column;
  const content = (
    <>
      {/* Read by people alone: a screen reader says the heading of the column. */}
      <span className={styles.cellTitle} aria-hidden>
        {title}
      </span>
      <span className={styles.cellValue}>{cell(row)}</span>
    </>
  );
  if (isRowTitle) return <th scope="row">{content}</th>;
  return <td className={isNumber ? styles.number : undefined}>{content}</td>;
}

/** Where something is still to come. */
export function Loading(): ReactNode {
  return (
    <div className={styles.loading} role="status">
      Loading…
    </div>
  );
}
