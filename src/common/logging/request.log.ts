import { Inject, Injectable, Logger } from '@nestjs/common';
import { credentialKind } from '@scopegate/access';
import { redactPath, redactText } from '@scopegate/audit';
import { CONFIGURATION } from '../../config/config.module.js';
import type { Configuration } from '../../config/env.js';
import type { Exchange } from '../access/exchange.js';

const MAX_TEXT_LENGTH = 2_048;

/** One line each, if LOG_LEVEL is `debug` or `trace`. */
@Injectable()
export class RequestLog {
  readonly #logger = new Logger('Request');
  readonly #isOn: boolean;

  constructor(@Inject(CONFIGURATION) configuration: Configuration) {
    this.#isOn = configuration.logLevel === 'debug' || configuration.logLevel === 'trace';
  }

  /** Writes when the answer is complete or the client has gone. */
  watch(exchange: Exchange): void {
    if (!this.#isOn) return;
    exchange.response.once('close', () => this.#write(exchange));
  }

  #write(exchange: Exchange): void {
    const { facts, response, admitted, authenticated, denial, problem } = exchange;
    const { method, head, peer, rawPath } = facts;
    const { userAgent } = head;
    this.#logger.debug(`${method} ${response.headersSent ? response.statusCode : 'unanswered'}`, {
      requestId: exchange.requestId,
      traceId: exchange.trace.traceId,
      application: exchange.application?.key ?? null,
      method,
      path: redactText(redactPath(rawPath), MAX_TEXT_LENGTH),
      status: response.headersSent ? response.statusCode : null,
      isComplete: response.writableFinished,
      durationMs: Math.round((performance.now() - exchange.startedAtTick) * 1000) / 1000,
      code: denial?.code ?? problem?.code ?? null,
      credential: admitted === null ? (denial?.credential ?? null) : credentialKind(admitted.credential),
      actor: authenticated?.principal.username ?? null,
      tokenId: authenticated?.token?.id ?? denial?.token?.id ?? null,
      clientIp: admitted?.address.client ?? denial?.address?.client ?? null,
      peer: peer ?? null,
      userAgent: userAgent === null ? null : redactText(userAgent, MAX_TEXT_LENGTH),
    });
  }
}
