import { Injectable } from '@nestjs/common';
import type { TokenLookup } from '@scopegate/access';
import type { HeaderLines } from '@scopegate/kernel';
import { valuesPresented } from '@scopegate/upstream';
import { BoundCookieService } from '../tokens/bound-cookie.service.js';
import { TokenCache } from '../tokens/token.cache.js';

/** Whose token a request's session was made with; `ambiguous` where it carries sessions of several. */
export type BoundSession = TokenLookup | 'ambiguous' | null;

/** Finds the token that a session of an upstream was made with (R11). */
@Injectable()
export class BoundSessionLookup {
  constructor(
    private readonly cookies: BoundCookieService,
    private readonly tokens: TokenCache,
  ) {}

  /** At once where the request carries nothing that could be a session. */
  find(application: string, lines: HeaderLines, rawPath: string): BoundSession | Promise<BoundSession> {
    const values = valuesPresented(lines, rawPath);
    if (values === null) return 'ambiguous';
    return values.length === 0 ? null : this.#find(application, values);
  }

  async #find(application: string, values: readonly string[]): Promise<BoundSession> {
    const tokenIds = await this.cookies.tokensOf(application, values);
    if (tokenIds.size > 1) return 'ambiguous';
    const [tokenId] = tokenIds;
    return tokenId === undefined ? null : this.tokens.lookUpById(tokenId);
  }
}
