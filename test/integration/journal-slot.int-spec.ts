import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { takeAbandonedSlots, takeSlot, type JournalSlot } from '../../src/audit/journal/journal-slot.js';
import { mountSmallDisk } from '../support/small-disk.js';
import { ensureBuilt, BUILT_SOURCES } from '../support/project-build.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

/** Takes a slot as a process of its own, says which, and keeps it until it is killed. */
const HOLDER = `
  const { takeSlot } = await import(process.argv[1]);
  console.log(takeSlot(process.argv[2]).directory);
  setInterval(() => undefined, 1_000);
`;

const WRAPPERS: readonly (readonly [where: string, command: readonly string[]])[] = [
  ['another process', []],
  ['a process with numbers of its own, as in another container', ['unshare', '--pid', '--fork', '--kill-child']],
];

describe('the folder of a journal', () => {
  let folder: TemporaryFolder;
  let journal: string;
  const held: JournalSlot[] = [];
  const children: ChildProcess[] = [];
  beforeAll(() => ensureBuilt(), 120_000);
  beforeEach(() => {
    folder = createTemporaryFolder('slot');
    journal = join(folder.path, 'journal');
  });
  afterEach(async () => {
    for (const slot of held.splice(0)) slot.release();
    for (const child of children.splice(0)) await killed(child);
    await folder.remove();
  });

  const numberOf = (slot: JournalSlot): string => slot.directory.slice(journal.length + 1);
  function take(): JournalSlot {
    const slot = takeSlot(journal);
    held.push(slot);
    return slot;
  }

  async function killed(child: ChildProcess): Promise<void> {
    if (child.stdout?.closed === true) return;
    child.kill('SIGKILL');
    // The one that takes the slot may be a child of it: then it ends a moment later, and the pipe with it.
    await once(child, 'close');
  }

  /** Another process that has taken a slot; null where this machine does not let us have one of that kind. */
  async function startHolder(wrapper: readonly string[]): Promise<{ directory: string; child: ChildProcess } | null> {
    const program = join(BUILT_SOURCES, 'audit', 'journal', 'journal-slot.js');
    const command = [...wrapper, process.execPath, '--input-type=module', '-e', HOLDER, program, journal];
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    const said = await new Promise<string | null>((resolve) => {
      child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
      child.once('error', () => resolve(null));
      child.once('exit', () => resolve(null));
    });
    return said === null ? null : { directory: said, child };
  }

  it.for(WRAPPERS)('R62: is left to %s that lives, and is taken at once when it is killed', async (given, context) => {
    const [, wrapper] = given;
    const holder = await startHolder(wrapper);
    if (holder === null && wrapper.length > 0) return context.skip('no such process can be started here');
    if (holder === null) throw new Error('The process took no slot.');
    expect(holder.directory).toBe(join(journal, '0'));
    const second = take();
    expect(numberOf(second)).toBe('1');
    expect(takeAbandonedSlots(journal)).toEqual([]);
    await killed(holder.child);
    const third = take();
    expect(numberOf(third)).toBe('0');
    expect(third.nodeId).not.toBe(second.nodeId);
  });

  it('R62: belongs to one at a time in one process as well, and keeps its name', () => {
    const first = take();
    expect([numberOf(first), numberOf(take())]).toEqual(['0', '1']);
    first.release();
    held.shift();
    const again = take();
    expect([numberOf(again), again.nodeId]).toEqual(['0', first.nodeId]);
    expect(readdirSync(again.directory).sort()).toEqual(['lock', 'node-id']);
    expect(readFileSync(join(again.directory, 'lock'))).toHaveLength(0);
  });

  it.each(['', '0b1c', '\0'.repeat(36)])('R62: has a new name where a crash has left %j of it', (torn) => {
    const first = take();
    first.release();
    held.pop();
    writeFileSync(join(first.directory, 'node-id'), torn);
    expect(take().nodeId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('R62: is taken on a full disk, where it has been there before', async (context) => {
    const path = join(folder.path, 'small');
    const unmount = mountSmallDisk(path);
    if (unmount === null) return context.skip('no file system can be mounted here');
    try {
      takeSlot(path).release();
      expect(() => writeFileSync(join(path, 'full'), Buffer.alloc(2_000_000))).toThrow('ENOSPC');
      const slot = takeSlot(path);
      expect(slot.directory).toBe(join(path, '0'));
      slot.release();
    } finally {
      unmount();
    }
  });
});
