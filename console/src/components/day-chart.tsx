import type { ReactNode } from 'react';
import styles from './chart.module.css';
import { roundTop, totalOf, type DaySeries } from './day-series';
import { inDigits } from './number';

interface DayChartProps {
  /** What is counted, such as "Requests". */
  readonly title: string;
  readonly days: readonly string[];
  /** Below each other in one bar a day; at most five. */
  readonly series: readonly DaySeries[];
}

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 56;
const TOP = 18;
const BOTTOM = 24;
const GAP = 0.2;

/** A bar for each day, and the same numbers as a table. */
export function DayChart({ title, days, series }: DayChartProps): ReactNode {
  const top = roundTop(Math.max(0, ...days.map((day) => totalOf(series, day))));
  const all = days.reduce((sum, day) => sum + totalOf(series, day), 0);
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.legend}>
        {series.map(({ name }, index) => (
          <span key={name} className={styles.key}>
            <span className={styles.swatch} data-series={index} aria-hidden />
            {name}
          </span>
        ))}
        <span className={styles.note}>Days are UTC.</span>
      </figcaption>
      <svg
        className={styles.chart}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}: ${inDigits(all)} in ${days.length} days. The table below has the numbers.`}
      >
        <Scale top={top} />
        {days.map((day, index) => (
          <Bar key={day} day={day} index={index} count={days.length} series={series} top={top} />
        ))}
        <DayLabels days={days} />
      </svg>
      <details>
        <summary>Show as a table</summary>
        <DayTable title={title} days={days} series={series} />
      </details>
    </figure>
  );
}

/** From the bottom of the chart. */
function heightOf(value: number, top: number): number {
  return (value / top) * (HEIGHT - BOTTOM - TOP);
}

function Scale({ top }: { readonly top: number }): ReactNode {
  return [0, top / 2, top].map((value) => {
    const y = HEIGHT - BOTTOM - heightOf(value, top);
    return (
      <g key={value}>
        <line className={styles.line} x1={LEFT} x2={WIDTH} y1={y} y2={y} />
        {Number.isInteger(value) ? (
          <text className={styles.label} x={LEFT - 6} y={y + 4} textAnchor="end">
            {inDigits(value)}
          </text>
        ) : null}
      </g>
    );
  });
}

interface BarProps {
  readonly day: string;
  readonly index: number;
  readonly count: number;
  readonly series: readonly DaySeries[];
  readonly top: number;
}

function Bar({ day, index, count, series, top }: BarProps): ReactNode {
  const step = (WIDTH - LEFT) / count;
  return (
    <g>
      <title>{`${day}: ${series.map(({ name, counts }) => `${name} ${counts.get(day) ?? 0}`).join(', ')}`}</title>
      {series.map(({ name, counts }, place) => (
        <rect
          key={name}
          className={styles.bar}
          data-series={place}
          x={LEFT + index * step + (step * GAP) / 2}
          y={HEIGHT - BOTTOM - heightOf(totalOf(series.slice(0, place + 1), day), top)}
          width={step * (1 - GAP)}
          height={heightOf(counts.get(day) ?? 0, top)}
        />
      ))}
    </g>
  );
}

/** The first, the middle and the last day. */
function DayLabels({ days }: { readonly days: readonly string[] }): ReactNode {
  const shown = [...new Set([0, Math.floor((days.length - 1) / 2), days.length - 1])].filter((index) => index >= 0);
  const step = (WIDTH - LEFT) / days.length;
  return shown.map((index) => (
    <text
      key={index}
      className={styles.label}
      x={LEFT + (index + 0.5) * step}
      y={HEIGHT - 4}
      textAnchor={
        days.length > 1 && index === days.length - 1 ? 'end' : index === 0 && days.length > 1 ? 'start' : 'middle'
      }
    >
      {days[index]}
    </text>
  ));
}

function DayTable({ title, days, series }: DayChartProps): ReactNode {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- A part that scrolls must be reachable by keyboard (WCAG 2.1.1).
    <div className={styles.tableFrame} tabIndex={0} role="group" aria-label={`${title} by day`}>
      <table className={styles.table}>
        <caption>{title} by day</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {series.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((day) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {series.map(({ name, counts }) => (
                <td key={name}>{inDigits(counts.get(day) ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
