/** One part of the stop. */
export interface StopStep {
  /** For the message about a stop that did not finish. */
  readonly name: string;
  /** After this time the next step begins, whether or not this one has ended. */
  readonly limitMs: number;
  /**
   * Does the work.
   * @returns what it had to leave, for the operator; null where nothing is left
   */
  run(): Promise<string | null> | string | null;
  /** What is left of it when its time is over, for the operator: "15 events in the journal"; null where nothing is. */
  left(): string | null;
}

/** What a stop has left, in the order of its steps; empty where everything has ended in good order. */
export type Leftovers = readonly string[];

/**
 * Runs the steps of a stop one after the other. None of them can keep the process: each has a limit, and the sum of the
 * limits is the deadline of the whole stop (R81). A step that fails or takes too long does not take the next ones with
 * it, since those may be the ones that keep what has been recorded.
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
