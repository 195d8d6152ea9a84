/** The directory is not as the plan was made for: it may be switched off. */
export class DirectoryChanged extends Error {
  override readonly name = 'DirectoryChanged';
}

/**
 * Takes the steps of a synchronisation one after the other, and ends early where the directory is changed.
 * @param mayGoOn asked before each step; false ends it
 * @returns whether all steps were taken
 */
export async function isCarriedOut(
  steps: readonly (() => Promise<void>)[],
  mayGoOn: () => Promise<boolean>,
): Promise<boolean> {
  try {
    for (const step of steps) {
      if (!(await mayGoOn())) return false;
      await step();
    }
    return true;
  } catch (error) {
    if (error instanceof DirectoryChanged) return false;
    throw error;
  }
}
