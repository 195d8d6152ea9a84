import type { ReactNode } from 'react';
import { Button } from './button';
import styles from './data-table.module.css';
import { ProblemNotice } from './notice';
import { TIME_ZONE } from './time';

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
  /** Why they could not be fetched, or not all of them. */
  readonly problem?: unknown;
  readonly onRetry?: () => void;
  /** Says below the table in which time zone its times are. */
  readonly hasTimes?: boolean;
  /** There are more rows to fetch. */
  readonly hasMore?: boolean;
  readonly isFetchingMore?: boolean;
  readonly onMore?: () => void;
}

/** Rows and columns; on a narrow screen, each row is a card. */
export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const { rows, empty, problem = null, onRetry, hasTimes = false, hasMore = false, isFetchingMore, onMore } = props;
  if (rows === undefined) return problem === null ? <Loading /> : <Failure problem={problem} onRetry={onRetry} />;
  return (
    <>
      {rows.length === 0 && !hasMore ? <div className={styles.empty}>{empty}</div> : <Rows {...props} rows={rows} />}
      {/* What is there already stays. */}
      {problem === null ? null : <Failure problem={problem} onRetry={onRetry} />}
      {hasMore && problem === null ? (
        <div className={styles.more}>
          <Button isBusy={isFetchingMore ?? false} onClick={onMore}>
            Show more
          </Button>
        </div>
      ) : null}
      {hasTimes && rows.length > 0 ? <p className={styles.zone}>Times: {TIME_ZONE}</p> : null}
    </>
  );
}

interface FailureProps {
  readonly problem: unknown;
  readonly onRetry: (() => void) | undefined;
}

function Failure({ problem, onRetry }: FailureProps): ReactNode {
  return (
    <>
      <ProblemNotice problem={problem} />
      {onRetry === undefined ? null : (
        <div className={styles.more}>
          <Button onClick={onRetry}>Try again</Button>
        </div>
      )}
    </>
  );
}

type RowsProps<Row> = Pick<DataTableProps<Row>, 'caption' | 'columns' | 'keyOf'> & { readonly rows: readonly Row[] };

function Rows<Row>({ caption, columns, rows, keyOf }: RowsProps<Row>): ReactNode {
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
