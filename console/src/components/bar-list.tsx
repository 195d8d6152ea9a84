import type { ReactNode } from 'react';
import styles from './chart.module.css';
import { inDigits } from './number';

export interface BarListItem {
  readonly key: string;
  readonly label: ReactNode;
  readonly count: number;
}

interface BarListProps {
  readonly caption: string;
  /** What the labels are, and what is counted. */
  readonly titles: readonly [label: string, count: string];
  readonly items: readonly BarListItem[];
  readonly empty: ReactNode;
}

/** A table of numbers, each with a bar beside it. */
export function BarList({ caption, titles, items, empty }: BarListProps): ReactNode {
  if (items.length === 0) return <p className={styles.empty}>{empty}</p>;
  const largest = Math.max(...items.map(({ count }) => count), 1);
  return (
    <table className={styles.barList}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{titles[0]}</th>
          <th scope="col">{titles[1]}</th>
        </tr>
      </thead>
      <tbody>
        {items.map(({ key, label, count }) => (
          <tr key={key}>
            <th scope="row">
              {label}
              <svg className={styles.meter} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden>
                <rect className={styles.bar} data-series={0} width={(count / largest) * 100} height={4} />
              </svg>
            </th>
            <td>{inDigits(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
