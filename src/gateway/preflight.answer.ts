import type { DecisionRecorder } from '../access/decision.recorder.js';
import type { Exchange } from '../common/access/exchange.js';
import { dropUnreadBody, REFUSED_BODY } from '../common/http/unread-body.js';

/** R122: nothing goes upstream. The event is one of an anonymous request that passed (R55). */
export function answerPreflight(exchange: Exchange, recorder: DecisionRecorder): void {
  const { request, response, application, facts, requestId } = exchange;
  const lines = application?.cors?.preflightLines(facts) ?? [];
  if (exchange.closesAfter(204)) lines.push('Connection', 'close');
  recorder.settle(exchange, 204, {
    release: () => {
      dropUnreadBody(request, response, REFUSED_BODY);
      response.writeHead(204, [...lines, 'Cache-Control', 'no-store', 'X-Request-Id', requestId]).end();
    },
    drop: () => response.destroy(),
  });
}
