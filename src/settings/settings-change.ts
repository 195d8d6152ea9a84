import { describeChange } from '@scopegate/audit';
import type { SettingsDocument } from './dto/settings.dto.js';

/** By path, for the audit (R59). Of lists only added and removed entries. */
export function describeSettingsChange(before: SettingsDocument, after: SettingsDocument): Record<string, unknown> {
  const old = flatten(before);
  const now = flatten(after);
  const lists = [...now.lists].flatMap(([path, entries]) => listChange(path, old.lists.get(path) ?? [], entries));
  return { ...describeChange(old.values, now.values), ...Object.fromEntries(lists) };
}

function flatten(document: SettingsDocument): {
  readonly values: Record<string, unknown>;
  readonly lists: ReadonlyMap<string, readonly unknown[]>;
} {
  const values: Record<string, unknown> = {};
  const lists = new Map<string, readonly unknown[]>();
  for (const [section, members] of Object.entries(document)) {
    for (const [name, value] of Object.entries(members as Readonly<Record<string, unknown>>)) {
      if (Array.isArray(value)) lists.set(`${section}.${name}`, value);
      else values[`${section}.${name}`] = value;
    }
  }
  return { values, lists };
}

function listChange(path: string, before: readonly unknown[], after: readonly unknown[]): [string, object][] {
  const old = new Set(before);
  const now = new Set(after);
  const added = after.filter((entry) => !old.has(entry));
  const removed = before.filter((entry) => !now.has(entry));
  return added.length === 0 && removed.length === 0 ? [] : [[path, { added, removed }]];
}
