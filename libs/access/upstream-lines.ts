import { foldHeaderName, headerValues, type HeaderLines } from '@scopegate/kernel';
import { withoutSessions } from '@scopegate/token';

/** The headers in which an application finds users and credentials, as they are written. */
export interface OwnedHeaders {
  /** The gateway sets these, so the client's own are always dropped. */
  readonly identity: readonly string[];
  /** The client's own go upstream only without a token. `Cookie` is one of them. */
  readonly credentials: readonly string[];
}

/**
 * What the upstream must get of each owned header: a proxy that replaces all of them by these is right in every case
 * (R86). Empty: the upstream must get none.
 * @param identity of a token request: names and values in turns; null: the request passes as it is
 * @returns names and values in turns
 */
export function upstreamLines(owned: OwnedHeaders, identity: readonly string[] | null, client: HeaderLines): string[] {
  const lines = identity === null ? [] : [...identity];
  const set = new Set<string>();
  for (let index = 0; index < lines.length; index += 2) set.add(foldHeaderName(lines[index] ?? ''));
  for (const name of owned.identity) if (isNew(set, name)) lines.push(name, '');
  for (const name of owned.credentials) {
    if (!isNew(set, name)) continue;
    const values = identity === null ? passedValues(client, name) : [];
    for (const value of values.length === 0 ? [''] : values) lines.push(name, value);
  }
  return lines;
}

function isNew(names: Set<string>, name: string): boolean {
  const folded = foldHeaderName(name);
  if (names.has(folded)) return false;
  names.add(folded);
  return true;
}

function passedValues(client: HeaderLines, name: string): readonly string[] {
  const values = headerValues(client, name.toLowerCase());
  if (name.toLowerCase() !== 'cookie') return values;
  // The gateway's own sessions never go upstream (R11).
  const kept = values.map(withoutSessions).filter((value) => value !== null);
  return kept.length === 0 ? [] : [kept.join('; ')];
}
