export interface StopStep {
  /** For the message about a stop that did not finish. */
  readonly name: string;
  /** After this time the next step begins, whether this one has ended or not. */
  readonly limitMs: number;
  /** @returns what it had to leave, for the operator; null if nothing is left */
  run(): Promise<string | null> | string | null;
  /** What is left when its time is over, for the operator: "15 events in the journal"; null if nothing is. */
  left(): string | null;
}

/** What a stop has left, in the order of its steps; empty if everything ended in good order. */
export type Leftovers = readonly string[];

/**
 * Runs the steps of a stop one after the other. None can hold the process: each has a limit, and the sum of the limits is
 * the deadline of the whole stop (R81). If a step fails or takes too long, the next ones still run, because they may be
 * the ones that store what has been recorded.
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
