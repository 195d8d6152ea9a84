/**
 * The stages of judgement in their order: where several reasons hold, the first stage that refuses answers.
 * The cheap and general come first, so that what is refused early costs nothing; the client address comes before the
 * token, so that a refused address costs no look-up and learns nothing about any token.
 */
export const STAGES = [
  'form',
  'path',
  'native-management',
  'credential',
  'address',
  'token',
  'path-kind',
  'permission',
  'scope',
] as const;

export type Stage = (typeof STAGES)[number];
