/** What each stage of the judgement asks, for a person who never read about it. */
const QUESTIONS: Readonly<Record<string, string>> = {
  form: 'Is it a well-formed HTTP request?',
  path: 'Can its path be read in one way only?',
  'native-management': 'Does it leave the product’s own access tokens alone?',
  'blocked-path': 'Is the path open to tokens?',
  credential: 'Is there one credential, in the right place?',
  address: 'May it come from this address?',
  token: 'Is the token or password right, and still valid?',
  'path-kind': 'Does this path take such a credential?',
  permission: 'May the owner use tokens?',
  scope: 'Does the scope of the token allow it?',
  destination: 'May it write where it copies or moves to?',
  'upstream-credential': 'Is there a credential that the application accepts?',
};

/** Null for a stage of a later version. */
export function questionOf(stage: string): string | null {
  return Object.hasOwn(QUESTIONS, stage) ? (QUESTIONS[stage] ?? null) : null;
}
