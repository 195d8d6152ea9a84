/** @param late makes the error after the time; the work itself goes on */
export function inTime<Result>(work: Promise<Result>, timeoutMs: number, late: () => Error): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
