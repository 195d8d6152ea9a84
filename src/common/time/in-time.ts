/**
 * The result of work, if it comes within the time.
 * @param late the error if it does not; the work itself goes on
 */
export function inTime<Result>(work: Promise<Result>, timeoutMs: number, late: () => Error): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
