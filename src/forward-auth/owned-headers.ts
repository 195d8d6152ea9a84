import type { OwnedHeaders } from '@scopegate/access';
import { foldHeaderName } from '@scopegate/kernel';
import type { ProtectedApplication } from '../applications/application.js';

export interface NamedHeaders extends OwnedHeaders {
  /** From the folded name to the exact one, in lower case. */
  readonly names: ReadonlyMap<string, string>;
}

/** An application is replaced by a new object with every change. */
const known = new WeakMap<ProtectedApplication, NamedHeaders>();

/** What a proxy must replace in requests to this application. */
export function ownedHeadersOf(application: ProtectedApplication): NamedHeaders {
  const found = known.get(application);
  if (found !== undefined) return found;
  const identity = application.identity.headers;
  const credentials = ['Authorization', 'Cookie', ...application.credentialNames];
  const names = new Map<string, string>();
  for (const name of [...identity, ...credentials]) {
    const folded = foldHeaderName(name);
    if (!names.has(folded)) names.set(folded, name.toLowerCase());
  }
  const owned = { identity, credentials, names };
  known.set(application, owned);
  return owned;
}
