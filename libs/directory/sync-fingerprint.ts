import { createHash } from 'node:crypto';
import type { SyncPlan } from './sync-plan.js';

/** Of whom it deactivates, and which groups it empties or removes: what is confirmed is what was shown. */
export function fingerprintOf({ vanished, change, groups, emptied, hold }: SyncPlan): string {
  const inactive = [
    ...vanished.filter(({ active }) => active),
    ...change.filter(({ before, after }) => before.active && !after.active).map(({ before }) => before),
  ];
  const ids = inactive.map(({ id }) => id).sort();
  // Another number with the same names: fewer groups get members in their place.
  return createHash('sha256')
    .update(JSON.stringify([ids, groups.vanished.toSorted(), emptied, hold?.emptiedGroups]))
    .digest('base64url');
}
