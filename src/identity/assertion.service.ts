import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { assertionClaims, assertionLine, type AssertedRequest } from '@scopegate/upstream';
import { SignJWT } from 'jose';
import { ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { LANES } from '../database/lane-rules.js';
import { TimeLimit } from '../database/time-limit.js';
import { ASSERTION_ALGORITHM } from './signing-key.js';
import { SigningKeysService } from './signing-keys.service.js';

/** Signs who sends a request, for an upstream that verifies it (R72). */
@Injectable()
export class AssertionService {
  readonly #logger = new Logger(AssertionService.name);

  constructor(
    private readonly keys: SigningKeysService,
    private readonly clock: Clock,
  ) {}

  /**
   * @param header that carries the assertion
   * @returns its name and value
   * @throws ProblemException a 503 if the first key cannot be stored in time, a 500 for an error of our own
   */
  async lineFor(header: string, request: AssertedRequest): Promise<readonly string[]> {
    try {
      return assertionLine(header, await this.sign(request));
    } catch (error) {
      // Any other error would be taken for one of the upstream.
      if (error instanceof ProblemException) throw error;
      this.#logger.error(`An assertion could not be signed: ${String(error)}`);
      throw new ProblemException('internal_error', 'The gateway cannot sign who you are. Ask an administrator.');
    }
  }

  /** @returns a JWT (RFC 7519) in its compact form */
  async sign(request: AssertedRequest): Promise<string> {
    const key = this.keys.current();
    // R81: the first request waits no longer for the database than any other.
    const { privateKey, publicKey } =
      key instanceof Promise ? await new TimeLimit(LANES.judging.timeoutMs).answer(key) : key;
    // The time is read after the wait for the first key.
    return new SignJWT({ ...assertionClaims(request, this.clock.nowMs(), randomUUID()) })
      .setProtectedHeader({ alg: ASSERTION_ALGORITHM, typ: 'JWT', kid: publicKey.kid })
      .sign(privateKey);
  }
}
