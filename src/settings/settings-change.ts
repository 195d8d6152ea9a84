import { describeChange } from '@scopegate/audit';
import type { SettingsDocument } from './settings.js';

/**
 * What a change of the settings was, for the audit (R59): every member that differs, by its path. Of the lists only
 * what was added and removed is told, because a list can be long and its changes are small.
 */
export function describeSettingsChange(before: SettingsDocument, after: SettingsDocument): Record<string, unknown> {
  return {
    ...describeChange(flatten(before), flatten(after)),
    ...listChange('ipRestriction.allowList', before.ipRestriction.allowList, after.ipRestriction.allowList),
    ...listChange('reverseProxy.trustedProxies', before.reverseProxy.trustedProxies, after.reverseProxy.trustedProxies),
  };
}

function flatten(document: SettingsDocument): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [section, members] of Object.entries(document)) {
    for (const [name, value] of Object.entries(members as object)) {
      if (!Array.isArray(value)) flat[`${section}.${name}`] = value;
    }
  }
  return flat;
}

function listChange(
  path: string,
  before: readonly string[],
  after: readonly string[],
): Record<string, { readonly added: readonly string[]; readonly removed: readonly string[] }> {
  const old = new Set(before);
  const now = new Set(after);
  const added = after.filter((entry) => !old.has(entry));
  const removed = before.filter((entry) => !now.has(entry));
  return added.length === 0 && removed.length === 0 ? {} : { [path]: { added, removed } };
}
