import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { MAX_HEADER_LINES, REASONS, vendorCallOf } from '@scopegate/access';
import { ask, headerLineCount, hostsOf, repeatedLines } from '@scopegate/kernel';
import { parseTarget } from '@scopegate/path';
import { codeProblem, type ProblemCode } from '@scopegate/problem';
import { isRefusedMethod } from '@scopegate/scope';
import type { ApplicationsService } from '../applications/applications.service.js';
import { attachExchange, Exchange } from '../common/access/exchange.js';
import { acceptsHtml } from '../common/http/accepted-type.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { writeProblem, writeRawProblem } from '../common/http/problem.writer.js';
import { requestIdOf } from '../common/http/request-id.js';
import { dropUnreadBody, OWN_PATH_BODY } from '../common/http/unread-body.js';
import type { RequestLog } from '../common/logging/request.log.js';
import { VENDOR_TOKENS_PATH } from '../tokens/vendor/vendor-tokens.path.js';
import type { GatewayService } from './gateway.service.js';

/** What a listener answers: everything, or one side of it where the management API has a port of its own. */
export type ListenerSide = 'both' | 'gateway' | 'management';

/** What the front door needs once the application is built. */
export interface FrontDoorServices {
  readonly gateway: GatewayService;
  readonly applications: ApplicationsService;
  readonly requestLog: RequestLog;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What the framework is to answer. */
interface OwnRequest {
  /** The path of the route that answers. */
  readonly routedPath: string;
  /** The path that was asked for, below a mount where there is one. */
  readonly path: string;
  readonly query: string | null;
  readonly expectsContinue: boolean;
}

/** The first path segments that are the server's own, and the sides that answer them. */
const OWN_SEGMENTS: ReadonlyMap<string, readonly ListenerSide[]> = new Map([
  ['api', ['both', 'management']],
  ['docs', ['both', 'management']],
  ['metrics', ['both', 'management']],
  ['health', ['both', 'management', 'gateway']],
  ['authorize', ['both', 'gateway']],
  ['introspect', ['both', 'gateway']],
  ['.well-known', ['both', 'gateway']],
]);

const LAST_ANSWER = Symbol('last answer');

interface WithAnswer {
  [LAST_ANSWER]?: ServerResponse;
}

/** The answer to the last request of a connection: what comes behind it may turn out to be none. */
function lastAnswerOf(socket: Duplex & WithAnswer): ServerResponse | undefined {
  return socket[LAST_ANSWER];
}

/** A head that takes longer than this to arrive is dropped. */
const HEADERS_TIMEOUT_MS = 30_000;

/**
 * Takes every request before any framework does, and sends it where it belongs: to the gateway for a mounted
 * application, to Nest for the server's own paths, or to nowhere.
 */
export class FrontDoor {
  #services: FrontDoorServices | null = null;
  #frameworkHandler: Handler | null = null;
  readonly #servers = new Set<Server>();

  /** Opens the door once everything behind it is built. */
  open(services: FrontDoorServices): void {
    this.#services = services;
  }

  /**
   * Makes the server of a listener.
   * @param frameworkHandler takes the requests for the server's own paths; given with the first server
   */
  createServer(side: ListenerSide, frameworkHandler?: Handler): Server {
    if (frameworkHandler !== undefined) this.#frameworkHandler = frameworkHandler;
    const server = createServer(
      {
        // Judged here, so that the answer is a problem that says what is wrong.
        requireHostHeader: false,
        headersTimeout: HEADERS_TIMEOUT_MS,
        // An upload may take as long as it takes; what stalls is ended by the upstream's timeouts.
        requestTimeout: 0,
        keepAliveTimeout: 65_000,
        insecureHTTPParser: false,
      },
      (request, response) => this.#take(side, request, response, false),
    );
    // Every line is needed, since more than a hundred are refused; Node's own limit would hide the rest.
    server.maxHeadersCount = 0;
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
      this.#take(side, request, response, true),
    );
    server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
      this.#refuse(request, response, 'request_malformed', 'The only expectation known is 100-continue.'),
    );
    server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
      if (socket instanceof Socket) {
        writeRawProblem(socket, 'method_not_allowed', 'TRACE and CONNECT are refused for everyone.');
      } else socket.destroy();
    });
    server.on('clientError', (error: Error & { code?: string }, socket: Duplex) =>
      answerClientError(error, socket, lastAnswerOf(socket)),
    );
    this.#closeIdleConnectionsOnly(server);
    this.#servers.add(server);
    return server;
  }

  /**
   * Node counts a connection as idle once its answer has been handed over, also where nothing of it has been sent: closing
   * it then takes an answer away that is recorded as given. Here it is idle once the answer has left.
   */
  #closeIdleConnectionsOnly(server: Server): void {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    server.closeIdleConnections = () => {
      for (const socket of sockets) {
        if (lastAnswerOf(socket)?.writableFinished !== false) socket.destroy();
      }
    };
  }

  /**
   * Stops accepting, lets what is under way finish, and cuts what is left after the time.
   * @param timeoutMs how long requests under way may take
   */
  async close(timeoutMs: number): Promise<void> {
    const closed = [...this.#servers]
      .filter((server) => server.listening)
      .map(
        (server) =>
          new Promise<void>((resolve) => {
            // It closes idle connections itself.
            server.close(() => resolve());
          }),
      );
    const cut = setTimeout(() => {
      for (const server of this.#servers) server.closeAllConnections();
    }, timeoutMs);
    // A connection becomes idle when its last answer is complete.
    const sweep = setInterval(() => {
      for (const server of this.#servers) server.closeIdleConnections();
    }, 50);
    await Promise.all(closed);
    clearTimeout(cut);
    clearInterval(sweep);
  }

  #take(side: ListenerSide, request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const before = lastAnswerOf(request.socket);
    if (before !== undefined && !before.writableFinished) tellOfLostConnection(request.socket, response);
    (request.socket as Duplex & WithAnswer)[LAST_ANSWER] = response;
    const lines = repeatedLines(before?.req.rawHeaders, request.rawHeaders);
    request.rawHeaders = lines as string[];
    const services = this.#services;
    if (services === null || this.#frameworkHandler === null) {
      this.#refuse(request, response, 'policy_unavailable', 'The server is starting. Try again in a moment.');
      return;
    }
    const url = request.url ?? '';
    const hosts = ask(lines, hostsOf);
    if (url === '*' && request.method === 'OPTIONS' && hosts.length === 1) {
      answerServerOptions(request, response);
      return;
    }
    const target = parseTarget(url);
    if (!target.ok) {
      const route = side === 'management' ? null : services.applications.route(hosts[0], pathBeforeFault(url));
      if (route === null || route === 'unclaimed-host-path') {
        this.#refuse(request, response, 'path_ambiguous', target.detail);
      } else {
        const { application, rest } = route;
        const proxied = { request, response, application, rawPath: rest, query: null, expectsContinue };
        services.gateway.refuseTarget(proxied, target.detail);
      }
      return;
    }
    const isOwnPath = OWN_SEGMENTS.get(firstSegmentOf(target.rawPath))?.includes(side) === true;
    const route = side === 'management' ? null : services.applications.route(hosts[0], target.rawPath);
    // An application at the root of every host leaves the server's own paths alone; one with a host of its own has all.
    if (route !== null && route !== 'unclaimed-host-path' && !(isOwnPath && !route.hasOwnHost)) {
      const vendor = vendorCallOf(request.method ?? '', route.rest, route.application.rules);
      if (vendor !== null) {
        const { query } = target;
        const asked = { routedPath: `${VENDOR_TOKENS_PATH}/${vendor.call}`, path: vendor.path, query, expectsContinue };
        this.#hand(services, this.#frameworkHandler, request, response, asked);
        return;
      }
      services.gateway.handle({
        request,
        response,
        application: route.application,
        rawPath: route.rest,
        query: target.query,
        expectsContinue,
      });
      return;
    }
    if (hosts.length > 1) {
      this.#refuse(request, response, 'request_malformed', 'There is more than one Host line. Send exactly one.');
      return;
    }
    if (headerLineCount(lines) > MAX_HEADER_LINES) {
      this.#refuse(request, response, 'headers_too_large', REASONS.headers_too_large.detail);
      return;
    }
    if (isRefusedMethod(request.method ?? '')) {
      this.#refuse(request, response, 'method_not_allowed', REASONS.method_not_allowed.detail);
      return;
    }
    if (route === null && target.rawPath === '/' && leadsToDocumentation(side, request)) {
      redirectToDocumentation(request, response);
      return;
    }
    if (route === 'unclaimed-host-path' || !isOwnPath) {
      this.#refuse(
        request,
        response,
        'application_not_found',
        side === 'gateway'
          ? 'No application is mounted at this address. Check the host name and the path.'
          : 'No application is mounted at this address. Check the host name and the path. The API is documented at /docs.',
      );
      return;
    }
    const { rawPath: path, query } = target;
    this.#hand(services, this.#frameworkHandler, request, response, { routedPath: path, path, query, expectsContinue });
  }

  /** Hands a request for one of the server's own paths to the framework. */
  #hand(
    services: FrontDoorServices,
    handler: Handler,
    request: IncomingMessage,
    response: ServerResponse,
    { routedPath, path, query, expectsContinue }: OwnRequest,
  ): void {
    // The framework reads the target from here: the origin form, whatever form was sent.
    request.url = query === null ? routedPath : `${routedPath}?${query}`;
    const requestId = requestIdOf(request.rawHeaders);
    const exchange = new Exchange(request, response, requestId, null, path, query, expectsContinue);
    attachExchange(exchange);
    services.requestLog.watch(exchange);
    response.setHeader('X-Request-Id', requestId);
    // The body is for the guards to ask for (R112); what they leave is dropped.
    dropUnreadBody(request, response, OWN_PATH_BODY);
    handler(request, response);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, code: ProblemCode, detail: string): void {
    const requestId = requestIdOf(request.rawHeaders);
    if (this.#services !== null) {
      const path = pathBeforeFault(request.url ?? '');
      const exchange = new Exchange(request, response, requestId, null, path, null, false);
      exchange.problem = new ProblemException(code, detail);
      this.#services.requestLog.watch(exchange);
    }
    writeProblem(response, codeProblem(code, detail, requestId), null, true);
  }
}

/**
 * Node tells of a connection's end only the answer that has the connection. One that waits behind another (pipelining)
 * would wait for ever, and with it the upstream's connection.
 */
function tellOfLostConnection(socket: Socket, response: ServerResponse): void {
  const tell = (): void => {
    if (response.socket !== null || response.writableFinished) return;
    response.destroy();
    response.emit('close');
  };
  socket.once('close', tell);
  response.once('finish', () => socket.off('close', tell));
}

/** Whether a browser opens the address of the server itself where the documentation answers as well. */
function leadsToDocumentation(side: ListenerSide, { method, rawHeaders }: IncomingMessage): boolean {
  return side !== 'gateway' && (method === 'GET' || method === 'HEAD') && acceptsHtml(rawHeaders);
}

/** The address of the server itself has no page: a browser is led to the one that there is. */
function redirectToDocumentation(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(302, [
    'Location',
    '/docs',
    'Vary',
    'Accept',
    'Cache-Control',
    'no-store',
    'Content-Length',
    '0',
    'X-Request-Id',
    requestIdOf(request.rawHeaders),
  ]);
  response.end();
}

function firstSegmentOf(rawPath: string): string {
  const end = rawPath.indexOf('/', 1);
  return end < 0 ? rawPath.slice(1) : rawPath.slice(1, end);
}

/** `OPTIONS *` asks about the server and no application (RFC 9112 3.2.4), so it is answered here. */
function answerServerOptions(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, [
    'Allow',
    'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    'Content-Length',
    '0',
    'X-Request-Id',
    requestIdOf(request.rawHeaders),
  ]);
  response.end();
}

/** As much of a malformed target as tells whose request it was to be. */
function pathBeforeFault(url: string): string {
  return url.startsWith('/') ? (/^[^?#]*/.exec(url)?.[0] ?? '/') : '/';
}

/**
 * What Node's parser refuses never becomes a request: it is answered on the connection, which is then closed.
 * @param last the answer to the request before it on this connection, or to the one whose body it broke
 */
function answerClientError(error: Error & { code?: string }, socket: Duplex, last: ServerResponse | undefined): void {
  if (!(socket instanceof Socket) || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (last !== undefined && !(last.writableFinished && last.req.complete)) {
    // Bytes written now would be taken for the answer that is due, or for a part of it.
    if (last.req.complete || last.headersSent || last.socket !== socket) {
      socket.destroySoon();
      return;
    }
    // The error is in the body of the request that is due: nothing of it goes upstream any more.
    last.req.unpipe();
  }
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      writeRawProblem(socket, 'headers_too_large', 'Send at most 100 header lines and 16 KiB of headers.');
      return;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      writeRawProblem(socket, 'request_timeout', 'The request took too long to arrive.');
      return;
    default:
      writeRawProblem(socket, 'request_malformed', 'The request is no valid HTTP/1.1.');
  }
}
