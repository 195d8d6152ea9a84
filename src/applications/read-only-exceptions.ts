import { isJsonObject } from '@scopegate/kernel';
import { parsePathPattern, type ReadOnlyException } from '@scopegate/path';
import { productOf, type ApplicationKind } from '@scopegate/product';
import type { Note } from './member-check.js';

/** The most calls of one application that count as reads by exception. */
export const MAX_EXCEPTIONS = 200;

/** `proposed`: all that the product proposes. A text in the list: the name of a proposal. */
export type AskedExceptions = 'proposed' | readonly unknown[];

const FIELD = 'readOnlyExceptions';

/** R13, R73. @param note called with a field and a message that follows its name */
export function readExceptions(
  asked: AskedExceptions,
  kind: ApplicationKind,
  note: Note,
): readonly ReadOnlyException[] {
  const proposals = productOf(kind).proposedExceptions;
  const exceptions = new Map<string, ReadOnlyException>();
  const add = ({ method, path }: ReadOnlyException): unknown => exceptions.set(`${method} ${path}`, { method, path });
  if (asked === 'proposed') {
    proposals.forEach(add);
    return [...exceptions.values()];
  }
  for (const [index, value] of asked.entries()) {
    const field = `${FIELD}.${index}`;
    if (typeof value === 'string') {
      const named = proposals.filter(({ name }) => name === value);
      if (named.length === 0) note(field, `is not the name of a proposal. ${describeProposals(kind)}`);
      named.forEach(add);
      continue;
    }
    const { method, path, ...others } = isJsonObject(value) ? value : {};
    if (typeof method !== 'string' || typeof path !== 'string' || Object.keys(others).length > 0) {
      note(field, 'must be {"method": "…", "path": "…"}, or the name of a proposal');
      continue;
    }
    const parsing = parsePathPattern({ method, path });
    if (parsing.ok) add({ method, path });
    else note(field, `is not valid. ${parsing.message}`);
  }
  if (exceptions.size > MAX_EXCEPTIONS) note(FIELD, `must have at most ${MAX_EXCEPTIONS} calls`);
  return [...exceptions.values()];
}

export function isProposed(kind: ApplicationKind, { method, path }: ReadOnlyException): boolean {
  return productOf(kind).proposedExceptions.some((proposal) => proposal.method === method && proposal.path === path);
}

/** Each once. */
export function proposalNames(kind: ApplicationKind): readonly string[] {
  return [...new Set(productOf(kind).proposedExceptions.map(({ name }) => name))];
}

function describeProposals(kind: ApplicationKind): string {
  const names = proposalNames(kind);
  return names.length === 0
    ? `The kind ${kind} has no proposals: write {"method": "…", "path": "…"}.`
    : `Proposals of the kind ${kind}: ${names.join(', ')}.`;
}
