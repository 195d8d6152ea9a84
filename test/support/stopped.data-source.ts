import type { DataSource, QueryRunner } from 'typeorm';

/** The start ended here. */
export class StoppedError extends Error {}

/** What changes nothing that is stored, or is the frame of the migrations. */
const READS = /^\s*(SELECT|SHOW|PRAGMA|START|BEGIN|COMMIT|ROLLBACK|DO|SET|SAVEPOINT|RELEASE)\b/i;

/** Has every statement refused after the given number of those that change something, as if the process were gone. */
export function stopAfter(dataSource: DataSource, statements: number): void {
  let left = statements;
  const create = dataSource.createQueryRunner.bind(dataSource);
  const wrapped = new WeakSet<QueryRunner>();
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    if (wrapped.has(runner)) return runner;
    wrapped.add(runner);
    const query = runner.query.bind(runner) as (...values: unknown[]) => Promise<unknown>;
    runner.query = (async (...values: unknown[]) => {
      const text = String(values[0]);
      if (left <= 0 && !/^\s*(ROLLBACK|DO|SET)\b/i.test(text)) throw new StoppedError(`Stopped before: ${text}`);
      const result = await query(...values);
      if (!READS.test(text)) left -= 1;
      return result;
    }) as QueryRunner['query'];
    return runner;
  };
}
