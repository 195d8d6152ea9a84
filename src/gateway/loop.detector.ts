import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { HeaderLines } from '@scopegate/kernel';
import { hasPassed } from '@scopegate/upstream';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';

/** How this installation is named in `Via`, and whether a request has been here before (RFC 9110 7.6.3). */
@Injectable()
export class LoopDetector {
  /**
   * The same on all nodes of one installation, since a loop may go from node to node, and another one in every other
   * installation, because one gateway may be the upstream of another. It reveals nothing of the key it is made with.
   */
  readonly #pseudonym: string;
  readonly #hops: Readonly<Record<string, string>>;

  constructor(@Inject(SECRETS) secrets: Secrets) {
    const digest = createHmac('sha256', secrets.tokenPepper).update('scopegate via').digest('hex');
    const pseudonym = `scopegate-${digest.slice(0, 12)}`;
    this.#pseudonym = pseudonym;
    this.#hops = { '1.0': `1.0 ${pseudonym}`, '1.1': `1.1 ${pseudonym}` };
  }

  isLoop(lines: HeaderLines): boolean {
    return hasPassed(lines, this.#pseudonym);
  }

  /** The hop that a request adds to `Via`. @param httpVersion of the request */
  hop(httpVersion: string): string {
    return this.#hops[httpVersion] ?? `${httpVersion} ${this.#pseudonym}`;
  }
}
