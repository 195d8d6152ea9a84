// The options of a run, from the environment.

function numberOf(name, fallback) {
  const value = Number(process.env[name] ?? fallback);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0, not "${process.env[name]}".`);
  return value;
}

/**
 * The options of a run; a short run has fewer seconds than a full one.
 * @param fallbacks seconds of a measurement without BENCH_SECONDS
 */
export function readOptions({ seconds }) {
  return {
    rounds: numberOf('BENCH_ROUNDS', 5),
    seconds: numberOf('BENCH_SECONDS', seconds),
    warmUpSeconds: numberOf('BENCH_WARM_UP_SECONDS', 10),
    only: new Set((process.env.BENCH_ONLY ?? '').split(/[\s,]+/).filter(Boolean)),
    nodeArguments: (process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean),
  };
}

/**
 * Selects everything, or what BENCH_ONLY names. If it names only candidates, no other part runs.
 * @returns which parts and which candidates to run
 */
export function selectionOf({ only }, parts, candidates) {
  const unknown = [...only].filter((name) => !parts.includes(name) && !candidates.includes(name));
  if (unknown.length > 0) {
    const known = [...parts, ...candidates].join(', ');
    throw new Error(`BENCH_ONLY: there is no ${unknown.join(', ')}. Known are: ${known}.`);
  }
  const named = candidates.filter((name) => only.has(name));
  const chosen = named.length > 0 ? named : candidates;
  const isChosen = (part) => {
    if (only.size === 0 || only.has(part)) return true;
    return part === 'candidates' && named.length > 0;
  };
  return { parts: new Set(parts.filter(isChosen)), candidates: new Set(chosen) };
}
