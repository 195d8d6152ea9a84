/** The ways to ask for a decision about an application, by the names that the audit log uses (R91). */
export const DOORS = ['proxy', 'request', 'headers', 'introspection', 'guard'] as const;

export type Door = (typeof DOORS)[number];
