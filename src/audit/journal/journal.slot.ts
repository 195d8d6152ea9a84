import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of the journal that belongs to one process at a time. */
export interface JournalSlot {
  readonly directory: string;
  /** Names the chain of the events that are shipped from here; the folder keeps it. */
  readonly nodeId: string;
  /** Gives the folder free. */
  release(): void;
}

const OWNER_FILE = 'owner';
const NODE_FILE = 'node-id';

/** Takes the first folder that no living process owns: several servers may run over one data directory. */
export function takeSlot(journalDirectory: string): JournalSlot {
  for (let number = 0; ; number += 1) {
    const slot = tryTake(join(journalDirectory, String(number)));
    if (slot !== null) return slot;
  }
}

/** Takes every other folder that no living process owns: what a process left there has to be shipped by somebody. */
export function takeAbandonedSlots(journalDirectory: string): JournalSlot[] {
  return readdirSync(journalDirectory)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => tryTake(join(journalDirectory, name)))
    .filter((slot) => slot !== null);
}

function tryTake(directory: string): JournalSlot | null {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ownerFile = join(directory, OWNER_FILE);
  const own = describeProcess(process.pid) ?? String(process.pid);
  for (;;) {
    try {
      writeFileSync(ownerFile, own, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (isOwned(ownerFile)) return null;
    rmSync(ownerFile, { force: true });
  }
  return { directory, nodeId: nodeIdOf(directory), release: () => rmSync(ownerFile, { force: true }) };
}

/** A process by its number and the time it was started: numbers are given again, above all in containers. */
function describeProcess(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in brackets can hold blanks; the start time is the twentieth field after it.
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return null;
  }
}

function isOwned(ownerFile: string): boolean {
  let owner: string;
  try {
    owner = readFileSync(ownerFile, 'utf8');
  } catch {
    return false;
  }
  const pid = Number(owner.split(' ')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  const running = describeProcess(pid);
  if (running !== null) return running === owner;
  try {
    process.kill(pid, 0);
    // No list of processes here: the number alone has to do, and it is not our own, since nothing is owned by us yet.
    return pid !== process.pid && !owner.includes(' ');
  } catch {
    return false;
  }
}

function nodeIdOf(directory: string): string {
  const file = join(directory, NODE_FILE);
  try {
    writeFileSync(file, randomUUID(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readFileSync(file, 'utf8');
}
