import { readdirSync, readFileSync } from 'node:fs';

/** The processes that a process has started and that still run, by their ids in the order of their start. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid)
    .toSorted((first, second) => first - second);
}

/** Whether a process runs. A zombie, which has ended without being waited for, does not. */
export function isRunning(pid: number): boolean {
  const fields = statOf(pid);
  return fields !== null && fields[0] !== 'Z';
}

function parentOf(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null || fields[0] === 'Z' ? null : Number(fields[1]);
}

/** The fields of `/proc/<pid>/stat` from the state on. */
function statOf(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
