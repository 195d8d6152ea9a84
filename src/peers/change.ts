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
 * What can change under a running node: `directory` stands for a user, by its id, and `group` for a group, by its name.
 * `question` is no change: with it a node asks how far the other nodes act (R78).
 */
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];

export interface Change {
  readonly topic: ChangeTopic;
  /** The key, name or id of what changed. */
  readonly subject: string;
}
