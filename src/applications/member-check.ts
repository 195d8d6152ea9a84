/** Called with the path of an invalid member, and a message that follows it. */
export type Note = (field: string, message: string) => void;

/** Without the members that are undefined. */
export function present<Members extends object>(members: Members): Partial<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<Members>;
}
