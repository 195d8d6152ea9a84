// Medians and ratios of candidates that were measured in turn on a noisy machine.

export function median(values) {
  const sorted = [...values].sort((first, second) => first - second);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value that this share of the values does not exceed. */
export function quantile(values, share) {
  const sorted = [...values].sort((first, second) => first - second);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))];
}

/**
 * The median of the ratios of each round: what slows a round slows both sides, so it cancels out.
 * @param name the member to compare
 */
export function medianRatio(ones, others, name) {
  return median(ones.map((one, index) => one[name] / others[index][name]));
}

/** The medians of measurements, with their raw numbers. */
export function summaryOf(rounds) {
  return {
    cpuMicroseconds: median(rounds.map((each) => each.cpuMicroseconds)),
    threadMicroseconds: median(rounds.map((each) => each.threadMicroseconds)),
    requestsPerSecond: median(rounds.map((each) => each.requestsPerSecond)),
    p50Ms: median(rounds.map((each) => each.p50Ms)),
    p99Ms: median(rounds.map((each) => each.p99Ms)),
    rounds,
  };
}
