import type { IncomingMessage, ServerResponse } from 'node:http';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';

/** Stands for the proxied routes where a guard asks which route it guards: it carries no metadata. */
export class ProxiedRoute {
  handle(): void {}
}

/** The context Nest would hand to a guard of a controller, for a request that does not pass Nest's router. */
export function gatewayContext(request: IncomingMessage, response: ServerResponse): ExecutionContextHost {
  // A guard asks which method it guards, for its metadata; nobody calls it.
  // oxlint-disable-next-line typescript/unbound-method
  return new ExecutionContextHost([request, response], ProxiedRoute, ProxiedRoute.prototype.handle);
}
