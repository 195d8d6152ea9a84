/**
 * Measures up to five times, until a time is short enough, since another process may hold this one up for once.
 * @param measure how long it took, in milliseconds
 * @returns the shortest time
 */
export async function quickest(measure: () => Promise<number>, enoughMs: number): Promise<number> {
  let shortestMs = Infinity;
  for (let tries = 0; tries < 5 && shortestMs >= enoughMs; tries += 1) {
    shortestMs = Math.min(shortestMs, await measure());
  }
  return shortestMs;
}
