/**
 * The order of the stages: the first one that refuses gives the answer. Cheap checks come first. The client address
 * comes before the token, so a refused address causes no look-up and learns nothing about tokens.
 */
export const STAGES = [
  'form',
  'path',
  'native-management',
  'blocked-path',
  'credential',
  'address',
  'token',
  'path-kind',
  'permission',
  'scope',
  'destination',
  'upstream-credential',
] as const;

export type Stage = (typeof STAGES)[number];
