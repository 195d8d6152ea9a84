import { createHmac } from 'node:crypto';
import type { AuditEvent } from './event.js';

/** What stands before the first event of a chain. */
export const CHAIN_START = '0'.repeat(64);

/** The fields a link covers, in their order; another order would be another link. */
const COVERED = [
  'id',
  'atMs',
  'count',
  'type',
  'outcome',
  'code',
  'actor',
  'owner',
  'tokenId',
  'tokenDescription',
  'tokenScope',
  'credential',
  'clientIp',
  'peer',
  'method',
  'path',
  'application',
  'status',
  'durationMs',
  'userAgent',
  'requestId',
] as const satisfies readonly (keyof AuditEvent)[];

/** A place in a chain. */
export interface ChainLink {
  readonly chain: string;
  /** 1 for the first event of the chain. */
  readonly sequence: number;
  /** The link of the event before; `CHAIN_START` for the first. */
  readonly previousLink: string;
}

/**
 * The link of an event: a keyed digest of its place, its content and the link before it. Whoever can write to the
 * database, but does not know the key, cannot change, remove or insert an event without breaking the chain.
 * @returns 64 hexadecimal digits
 */
export function linkOf(key: string, place: ChainLink, event: AuditEvent): string {
  const content = COVERED.map((name) => event[name]);
  return createHmac('sha256', key)
    .update(JSON.stringify([place.chain, place.sequence, place.previousLink, content, canonicalJson(event.detail)]))
    .digest('hex');
}

/** The head of a chain as far as the verification of the chain depends on it. */
export interface ChainHead {
  readonly chain: string;
  /** The sequence of the newest event; 0 before the first. */
  readonly sequence: number;
  /** The link of the newest event. */
  readonly link: string;
  /** The events up to this one have been removed after their retention. */
  readonly purgedSequence: number;
  /** Failures that are counted and not stored yet. */
  readonly held: unknown;
}

/**
 * The seal of a chain's head: a keyed digest of it. Without it, whoever can write to the database could take events
 * off either end and set the head to what is left.
 * @returns 64 hexadecimal digits
 */
export function sealOf(key: string, head: ChainHead): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['head', head.chain, head.sequence, head.link, head.purgedSequence]))
    .update(canonicalJson(head.held ?? null))
    .digest('hex');
}

/** JSON with the members of every object in one order: a database may hand them out in another one. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([first], [second]) => (first < second ? -1 : 1)))
      : member,
  );
}
