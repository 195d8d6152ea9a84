export { dnKey, isWithin } from './dn.js';
export {
  allOf,
  attributeProblem,
  equalityFilter,
  escapeFilterValue,
  filterProblem,
  memberInChainFilter,
  presenceFilter,
} from './filter.js';
export {
  entryIdOf,
  isDisabled,
  memberRange,
  readMembers,
  readUser,
  textOf,
  textsOf,
  type MemberRange,
  type RawEntry,
  type ReadUser,
} from './entry.js';
export {
  MAX_GROUP_DEPTH,
  memberKey,
  positionsOf,
  walkGroups,
  type GroupWalk,
  type ReadGroup,
} from './nested-groups.js';
export {
  DIRECTORY_PRESETS,
  presetRules,
  type AttributeNames,
  type DirectoryPreset,
  type PresetRules,
} from './preset.js';
export { type PlannedChange } from './planned-change.js';
export { groupInUse, lastAdministrator, type SyncConflict } from './sync-conflict.js';
export { fingerprintOf } from './sync-fingerprint.js';
export { type Hold } from './sync-hold.js';
export { messageEnd } from './message-frame.js';
export { pageCookie, PAGED_RESULTS } from './page-cookie.js';
export { isNoPlan, planSync, SAME_USER_MS, type NoPlan, type SyncPlan } from './sync-plan.js';
export type {
  FoundState,
  FoundUser,
  NameRules,
  StoredState,
  StoredUser,
  SyncOptions,
  UserTarget,
} from './sync-state.js';
