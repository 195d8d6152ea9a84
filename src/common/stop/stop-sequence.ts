export interface StopStep {
  /** For the message about an unfinished stop. */
  readonly name: string;
  /** Then the next step begins anyway. */
  readonly limitMs: number;
  /** @returns what is left, for the operator, or null */
  run(): Promise<string | null> | string | null;
  /** What is left after the limit: "15 events in the journal"; or null. */
  left(): string | null;
}

/** In the order of the steps; empty after a complete stop. */
export type Leftovers = readonly string[];

/**
 * R81: each step has a limit, so none can block the stop. After a failure the next steps still run, because they may
 * store what has been recorded.
 */
export async function runStop(steps: readonly StopStep[]): Promise<Leftovers> {
  const leftovers: string[] = [];
  for (const step of steps) {
    const left = await resultOf(step);
    if (left !== null) leftovers.push(`${step.name}: ${left}`);
  }
  return leftovers;
}

async function resultOf(step: StopStep): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<string | null>((resolve) => {
    timer = setTimeout(() => resolve(step.left()), step.limitMs);
  });
  try {
    return await Promise.race([step.run(), limit]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
