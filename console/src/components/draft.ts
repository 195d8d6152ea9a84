import { useState } from 'react';

/**
 * What somebody types before it counts. It follows the value that counts when that one changes, for example with the
 * address of the page, and the fields stay: whoever uses the keyboard keeps their place.
 * @param given a value of JSON
 */
export function useDraft<Value>(given: Value): readonly [draft: Value, setDraft: (draft: Value) => void] {
  const key = JSON.stringify(given);
  const [kept, setKept] = useState({ key, value: given });
  // Forgotten for good: the value that counts may come back to what it was.
  if (kept.key !== key) setKept({ key, value: given });
  return [kept.key === key ? kept.value : given, (value) => setKept({ key, value })];
}
