import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpArgumentsHost } from '@nestjs/common/interfaces/index.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';

/** Stands for the proxied routes where a guard asks which route it guards: it carries no metadata. */
export class ProxiedRoute {
  handle(): void {}
}

// oxlint-disable typescript/no-unnecessary-type-parameters -- the signatures are those of Nest.

/**
 * The context Nest would hand to a guard of a controller, for a request that does not pass Nest's router. Nest's own
 * makes the view that a guard switches to anew for every guard; here the context is that view.
 */
export class GatewayContext extends ExecutionContextHost implements HttpArgumentsHost {
  constructor(request: IncomingMessage, response: ServerResponse) {
    // A guard asks which method it guards, for its metadata; nobody calls it.
    // oxlint-disable-next-line typescript/unbound-method
    super([request, response], ProxiedRoute, ProxiedRoute.prototype.handle);
  }

  override switchToHttp(): HttpArgumentsHost {
    return this;
  }

  getRequest<Request>(): Request {
    return this.getArgByIndex<Request>(0);
  }

  getResponse<Response>(): Response {
    return this.getArgByIndex<Response>(1);
  }

  getNext<Next>(): Next {
    return this.getArgByIndex<Next>(2);
  }
}
