export const CHANGE_TOPICS = [
  'settings',
  'permissions',
  'applications',
  'directories',
  'directory',
  'group',
  'token',
  'session',
  'browser-session',
  'deposit',
  'signing-keys',
  'question',
] as const;

/**
 * `directory` stands for a user, by its id, `group` for a group, by its name, and `deposit` and `browser-session` for
 * all that a user has deposited, and all its sessions of the console, by the id of the user. `question` is no change: a node asks how far the others act (R78).
 */
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];

export interface Change {
  readonly topic: ChangeTopic;
  readonly subject: string;
}
