import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { assertionClaims, type AssertedRequest } from '@scopegate/upstream';
import { SignJWT } from 'jose';
import { Clock } from '../common/time/clock.js';
import { ASSERTION_ALGORITHM } from './signing-key.js';
import { SigningKeysService } from './signing-keys.service.js';

/** Signs who sends a request, for an upstream that verifies it (R72). */
@Injectable()
export class AssertionService {
  constructor(
    private readonly keys: SigningKeysService,
    private readonly clock: Clock,
  ) {}

  /** @returns a JWT (RFC 7519) in its compact form */
  async sign(request: AssertedRequest): Promise<string> {
    const { privateKey, publicKey } = await this.keys.current();
    // The time is read after the wait for the first key.
    return new SignJWT({ ...assertionClaims(request, this.clock.nowMs(), randomUUID()) })
      .setProtectedHeader({ alg: ASSERTION_ALGORITHM, typ: 'JWT', kid: publicKey.kid })
      .sign(privateKey);
  }
}
