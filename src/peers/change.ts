export const CHANGE_TOPICS = [
  'settings',
  'permissions',
  'applications',
  'directory',
  'group',
  'token',
  'session',
  'deposit',
  'signing-keys',
  'question',
] as const;

/**
 * `directory` stands for a user, by its id, `group` for a group, by its name, and `deposit` for all that a user has
 * deposited, by the id of the user. `question` is no change: a node asks how far the others act (R78).
 */
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];

export interface Change {
  readonly topic: ChangeTopic;
  readonly subject: string;
}
