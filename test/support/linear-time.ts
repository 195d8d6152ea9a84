import { expect } from 'vitest';

/** Linear work on eight parts costs about as much as on the whole; quadratic work on them costs an eighth. */
const PARTS = 8;
const MOST = 3;
const ATTEMPTS = 6;

/** Quadratic work on a long text takes more. */
const QUICK_MS = 5;

/**
 * Fails if the work for a text grows faster than its length. Compares processor times, and tries again, so that it
 * holds on a slow and busy machine.
 * @param textOf a text of at most this length
 */
export async function expectLinearTime(
  length: number,
  textOf: (length: number) => string,
  read: (text: string) => unknown,
): Promise<void> {
  const [whole, part] = [textOf(length), textOf(Math.floor(length / PARTS))];
  const compared: string[] = [];
  while (compared.length < ATTEMPTS) {
    const wholeMs = await processorMs(() => read(whole));
    if (wholeMs < QUICK_MS) return;
    const partsMs = await processorMs(async () => {
      for (let count = 0; count < PARTS; count += 1) await read(part);
    });
    if (wholeMs < MOST * partsMs) return;
    compared.push(`${wholeMs} ms for the whole, ${partsMs} ms for ${PARTS} parts of it`);
  }
  expect.fail(`The work is not linear for ${JSON.stringify(whole.slice(0, 60))}…: ${compared.join('; ')}.`);
}

/** Waiting for the processor does not count. */
async function processorMs(work: () => unknown): Promise<number> {
  const begun = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000;
}
