import { decodeEvent, type EventContent } from './event-content.js';

/** How often a token was used, and when and from which address last. */
export interface TokenUse {
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly clientIp: string | null;
}

export type TokenUses = Map<string, TokenUse>;

export function addUse(uses: TokenUses, tokenId: string, { count, atMs, clientIp }: TokenUse): void {
  const known = uses.get(tokenId);
  uses.set(tokenId, { count: count + (known?.count ?? 0), atMs, clientIp });
}

export function addUsesIn(uses: TokenUses, contents: readonly EventContent[]): void {
  for (const content of contents) {
    if (!isAllowed(content)) continue;
    const { tokenId, count, atMs, clientIp } = decodeEvent(content);
    if (tokenId !== null) addUse(uses, tokenId, { count, atMs, clientIp });
  }
}

function isAllowed(content: EventContent): boolean {
  return content.startsWith('["allowed"');
}
