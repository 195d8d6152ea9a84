export const CHANGE_TOPICS = [
  'settings',
  'permissions',
  'applications',
  'directory',
  'group',
  'token',
  'session',
  'question',
] as const;

/**
 * `directory` stands for a user, by its id, and `group` for a group, by its name. `question` is no change: a node asks
 * how far the others act (R78).
 */
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];

export interface Change {
  readonly topic: ChangeTopic;
  readonly subject: string;
}
