import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { HeaderLines } from '@scopegate/kernel';
import { hasPassed } from '@scopegate/upstream';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';

/** The name in `Via`, and the test for it (RFC 9110 7.6.3). */
@Injectable()
export class LoopDetector {
  /**
   * Common to all nodes, since a loop may pass several; different for other installations, which may be upstreams. Does
   * not reveal the key.
   */
  readonly #pseudonym: string;
  readonly #hops: Readonly<Record<string, string>>;

  constructor(@Inject(SECRETS) secrets: Secrets) {
    const digest = createHmac('sha256', secrets.lastingKey).update('scopegate via').digest('hex');
    const pseudonym = `scopegate-${digest.slice(0, 12)}`;
    this.#pseudonym = pseudonym;
    this.#hops = { '1.0': `1.0 ${pseudonym}`, '1.1': `1.1 ${pseudonym}` };
  }

  isLoop(lines: HeaderLines): boolean {
    return hasPassed(lines, this.#pseudonym);
  }

  hop(httpVersion: string): string {
    return this.#hops[httpVersion] ?? `${httpVersion} ${this.#pseudonym}`;
  }
}
