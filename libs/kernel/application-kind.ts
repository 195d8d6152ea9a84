/** What stands behind the gateway: it decides which paths are REST paths and which special rules apply. */
export const APPLICATION_KINDS = ['jira', 'confluence', 'bitbucket', 'generic'] as const;

export type ApplicationKind = (typeof APPLICATION_KINDS)[number];
