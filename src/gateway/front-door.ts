import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { judgeForm, RequestHead, vendorCallOf, type Deny, type RequestFacts } from '@scopegate/access';
import { readAuthority, type Authority } from '@scopegate/network';
import { parseTarget, type ParsedTarget } from '@scopegate/path';
import { codeProblem, denialProblem, type ProblemCode } from '@scopegate/problem';
import type { ProtectedApplication } from '../applications/application.js';
import type { Route } from '../applications/application-routes.js';
import type { ApplicationsService } from '../applications/applications.service.js';
import { attachExchange, Exchange } from '../common/access/exchange.js';
import { acceptsHtml } from '../common/http/accepted-type.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { writeProblem, writeRawProblem } from '../common/http/problem.writer.js';
import { requestIdOf } from '../common/http/request-id.js';
import { dropUnreadBody, OWN_PATH_BODY } from '../common/http/unread-body.js';
import type { RequestLog } from '../common/logging/request.log.js';
import { VENDOR_TOKENS_PATH } from '../tokens/vendor/vendor-tokens.path.js';
import { answerClientError } from './client-error.answer.js';
import type { GatewayService } from './gateway.service.js';
import type { LoopDetector } from './loop.detector.js';
import { lastAnswerOf, lastHeadOf, noteLastRequest, tellOfLostConnection } from './last-answer.js';
import { OpenConnections } from './open.connections.js';
import { isOtherProtocol } from './request-protocol.js';

/** What a request is told that has been here before. */
const LOOP =
  'This request has already passed through this gateway: the upstream of an application leads back to it. ' +
  'Correct "upstream", or the address that its host name resolves to.';

/** What a listener answers: everything, or one side of it where the management API has a port of its own. */
export type ListenerSide = 'both' | 'gateway' | 'management';

/** What the front door needs once the application is built. */
export interface FrontDoorServices {
  readonly gateway: GatewayService;
  readonly loops: LoopDetector;
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
  /** See `Exchange.vendorMount`. */
  readonly vendorMount: string | null;
}

/** A request as it was taken, with the listener it came to. */
interface TakenRequest {
  readonly services: FrontDoorServices;
  readonly side: ListenerSide;
  readonly request: IncomingMessage;
  readonly head: RequestHead;
  readonly response: ServerResponse;
  readonly expectsContinue: boolean;
}

/** The first path segments that are the server's own, and the sides that answer them. */
const OWN_SEGMENTS: ReadonlyMap<string, readonly ListenerSide[]> = new Map([
  ['api', ['both', 'management']],
  ['docs', ['both', 'management']],
  ['metrics', ['both', 'management']],
  ['version', ['both', 'management']],
  ['health', ['both', 'management', 'gateway']],
  ['authorize', ['both', 'gateway']],
  ['introspect', ['both', 'gateway']],
  ['.well-known', ['both', 'gateway']],
]);

const OTHER_PROTOCOL = {
  ok: false,
  detail: 'The request line is not valid HTTP/1.1 or HTTP/1.0 (RFC 9112 3).',
} as const;

/** So many requests may wait for the door to open; the next ones are refused with a 503. */
const MAX_EARLY_REQUESTS = 1_000;

/** A head that takes longer than this to arrive is dropped. */
const HEADERS_TIMEOUT_MS = 30_000;

/**
 * Takes every request before any framework does, and sends it where it belongs: to the gateway for a mounted
 * application, to Nest for the server's own paths, or to nowhere.
 */
export class FrontDoor {
  #services: FrontDoorServices | null = null;
  #frameworkHandler: Handler | null = null;
  readonly #connections = new OpenConnections();
  /** Requests that the framework has, until it has an answer. */
  readonly #handed = new Set<Exchange>();
  /** Requests that came between the opening of the port and of the door, as on a first start. They are answered then. */
  readonly #early: (() => void)[] = [];

  /** Opens the door once everything behind it is built. */
  open(services: FrontDoorServices): void {
    this.#services = services;
    for (const take of this.#early.splice(0)) take();
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
      this.#refuse(
        request,
        RequestHead.of(request.rawHeaders),
        response,
        'request_malformed',
        'The only supported expectation is 100-continue.',
      ),
    );
    server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
      if (socket instanceof Socket) {
        writeRawProblem(socket, 'method_not_allowed', 'TRACE and CONNECT are refused for everyone.');
      } else {
        socket.destroy();
      }
    });
    server.on('clientError', (error: Error & { code?: string }, socket: Duplex) =>
      answerClientError(error, socket, lastAnswerOf(socket)),
    );
    this.#connections.watch(server);
    return server;
  }

  /** The requests for the server's own paths that have no answer yet, also where the client is gone. */
  get unanswered(): readonly Exchange[] {
    return [...this.#handed];
  }

  /** Notes that the framework has an answer to a request. */
  noteAnswered(exchange: Exchange): void {
    this.#handed.delete(exchange);
  }

  /** Has every answer from now on say that it is the last one of its connection (R79). The listeners stay open. */
  drain(): void {
    this.#connections.announceClose();
  }

  /** Whether requests still came within this time, in milliseconds, though the server is draining. */
  isInUse(withinMs: number): boolean {
    return this.#connections.isInUse(withinMs);
  }

  /** The number of connections whose last answer has not left. */
  get busyConnections(): number {
    return this.#connections.busy;
  }

  /**
   * Stops accepting, lets what is under way finish, and cuts what is left after the time.
   * @param timeoutMs how long requests under way may take
   * @returns how many requests were cut
   */
  close(timeoutMs: number): Promise<number> {
    return this.#connections.close(timeoutMs);
  }

  #take(side: ListenerSide, request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    if (this.#services === null && this.#early.length < MAX_EARLY_REQUESTS) {
      this.#early.push(() => this.#take(side, request, response, expectsContinue));
      return;
    }
    const before = lastAnswerOf(request.socket);
    if (before !== undefined && !before.writableFinished) tellOfLostConnection(request.socket, response);
    const head = RequestHead.of(request.rawHeaders, lastHeadOf(request.socket));
    const isRepeated = head === lastHeadOf(request.socket);
    noteLastRequest(request.socket, head, response);
    this.#connections.takeAnswer(response, before);
    const services = this.#services;
    if (services === null || this.#frameworkHandler === null) {
      this.#refuse(request, head, response, 'policy_unavailable', 'The server is starting. Try again in a moment.');
      return;
    }
    const { httpVersion, url = '' } = request;
    const target = parseTarget(url);
    const reading = isOtherProtocol(request, isRepeated)
      ? OTHER_PROTOCOL
      : readAuthority({ hostLine: head.hostLine, httpVersion, targetAuthority: target.ok ? target.authority : null });
    const taken = { services, side, request, head, response, expectsContinue };
    if (!reading.ok) {
      const path = target.ok ? target.rawPath : pathBeforeFault(url);
      this.#refuseForm(taken, 'request_malformed', reading.detail, path, null);
    } else if (services.loops.isLoop(head.lines)) {
      this.#refuseLoop(taken, target.ok ? target.rawPath : pathBeforeFault(url), reading.authority);
    } else if (target.ok) {
      this.#send(taken, target, reading.authority);
    } else if (url === '*' && request.method === 'OPTIONS') {
      const form = judgeForm(factsOf(taken, url, null));
      if (form === null) answerServerOptions(head, response);
      else this.#deny(request, head, response, form);
    } else {
      this.#refuseForm(taken, 'path_ambiguous', target.detail, pathBeforeFault(url), reading.authority);
    }
  }

  /** Sends a request to the application that its host and path belong to, to the framework, or nowhere. */
  #send(taken: TakenRequest, target: ParsedTarget & { readonly ok: true }, authority: Authority | null): void {
    const { services, request, head, response, expectsContinue } = taken;
    const { rawPath, query } = target;
    const route = this.#routeOf(taken, authority, rawPath);
    if (typeof route === 'object') {
      const vendor = vendorCallOf(request.method ?? '', route.rest, route.application.rules);
      if (vendor !== null) {
        const routedPath = `${VENDOR_TOKENS_PATH}/${vendor.call}`;
        this.#hand(taken, { routedPath, path: vendor.path, query, vendorMount: route.application.key });
        return;
      }
      const { application, rest } = route;
      const facts = factsOf(taken, rest, query);
      services.gateway.handle({ request, response, application, authority, facts, expectsContinue });
      return;
    }
    const form = judgeForm({ ...factsOf(taken, rawPath, query), targetAuthority: target.authority });
    if (form !== null) {
      this.#deny(request, head, response, form);
    } else if (route === 'own') {
      this.#hand(taken, { routedPath: rawPath, path: rawPath, query, vendorMount: null });
    } else if (route === 'nowhere' && rawPath === '/' && leadsToDocumentation(taken.side, request, head)) {
      redirectToDocumentation(head, response);
    } else {
      this.#refuse(
        request,
        head,
        response,
        'application_not_found',
        taken.side === 'gateway'
          ? 'No application is mounted at this address. Check the host name and the path.'
          : 'No application is mounted at this address. Check the host name and the path. The API is documented at /docs.',
      );
    }
  }

  /** Where a path of a host leads: to an application, to the server itself, or nowhere. */
  #routeOf(
    { services, side }: TakenRequest,
    authority: Authority | null,
    rawPath: string,
  ): Route<ProtectedApplication> | 'own' | 'nowhere' | 'unclaimed-host-path' {
    const isOwnPath = OWN_SEGMENTS.get(firstSegmentOf(rawPath))?.includes(side) === true;
    const route = side === 'management' ? null : services.applications.route(authority, rawPath);
    if (route === 'unclaimed-host-path') return route;
    // An application at the root of every host leaves the server's own paths alone; one with a host of its own has all.
    if (route !== null && (route.hasOwnHost || !isOwnPath)) return route;
    return isOwnPath ? 'own' : 'nowhere';
  }

  /** Hands a request for one of the server's own paths to the framework. */
  #hand(taken: TakenRequest, { routedPath, path, query, vendorMount }: OwnRequest): void {
    const { services, request, head, response, expectsContinue } = taken;
    const handler = this.#frameworkHandler;
    if (handler === null) throw new Error('A request arrived before the framework was ready.');
    // The framework reads the target from here: the origin form, whatever form was sent.
    request.url = query === null ? routedPath : `${routedPath}?${query}`;
    const requestId = requestIdOf(head);
    const facts = factsOf(taken, path, query);
    const exchange = new Exchange(request, response, requestId, facts, null, expectsContinue, vendorMount);
    attachExchange(exchange);
    this.#handed.add(exchange);
    services.requestLog.watch(exchange);
    response.setHeader('X-Request-Id', requestId);
    // The body is for the guards to ask for (R112); what they leave is dropped.
    dropUnreadBody(request, response, OWN_PATH_BODY);
    handler(request, response);
  }

  /**
   * Refuses a request whose host or target cannot be read. Where its path is one of an application, it is recorded there
   * like any other; a host that cannot be read leads to none of its own.
   */
  #refuseForm(
    taken: TakenRequest,
    code: 'request_malformed' | 'path_ambiguous',
    detail: string,
    path: string,
    authority: Authority | null,
  ): void {
    const { services, request, head, response } = taken;
    const route = this.#routeOf(taken, authority, path);
    if (typeof route === 'string') {
      this.#refuse(request, head, response, code, detail);
      return;
    }
    const { application, rest } = route;
    const facts = factsOf(taken, rest, null);
    const proxied = { request, response, application, authority, facts, expectsContinue: false };
    services.gateway.refuseForm(proxied, code, detail);
  }

  /** Refuses a request that has been here before, on whatever path it comes back. */
  #refuseLoop(taken: TakenRequest, path: string, authority: Authority | null): void {
    const { services, request, head, response } = taken;
    const route = this.#routeOf(taken, authority, path);
    if (typeof route === 'string') {
      this.#refuse(request, head, response, 'loop_detected', LOOP);
      return;
    }
    const { application, rest } = route;
    const facts = factsOf(taken, rest, null);
    const proxied = { request, response, application, authority, facts, expectsContinue: false };
    services.gateway.refuse(proxied, new ProblemException('loop_detected', LOOP));
  }

  #refuse(
    request: IncomingMessage,
    head: RequestHead,
    response: ServerResponse,
    code: ProblemCode,
    detail: string,
  ): void {
    const exchange = this.#watched(request, head, response);
    exchange.problem = new ProblemException(code, detail);
    writeProblem(response, head, codeProblem(code, detail, exchange.requestId), null, true);
  }

  #deny(request: IncomingMessage, head: RequestHead, response: ServerResponse, denial: Deny): void {
    const exchange = this.#watched(request, head, response);
    exchange.denial = denial;
    writeProblem(response, head, denialProblem(denial, exchange.requestId), denial, true);
  }

  /** A request that is answered here: it is in the log of requests, like any other. */
  #watched(request: IncomingMessage, head: RequestHead, response: ServerResponse): Exchange {
    const facts = factsOf({ request, head }, pathBeforeFault(request.url ?? ''), null);
    const exchange = new Exchange(request, response, requestIdOf(head), facts, null, false);
    this.#services?.requestLog.watch(exchange);
    return exchange;
  }
}

/** What is judged of a request. */
function factsOf(
  { request, head }: Pick<TakenRequest, 'request' | 'head'>,
  rawPath: string,
  query: string | null,
): RequestFacts {
  const { method = '', httpVersion, socket } = request;
  return { method, httpVersion, rawPath, query, head, peer: socket.remoteAddress };
}

/** Whether a browser opens the address of the server itself where the documentation answers as well. */
function leadsToDocumentation(side: ListenerSide, { method }: IncomingMessage, head: RequestHead): boolean {
  return side !== 'gateway' && (method === 'GET' || method === 'HEAD') && acceptsHtml(head);
}

/** The address of the server itself has no page: a browser is led to the one that there is. */
function redirectToDocumentation(head: RequestHead, response: ServerResponse): void {
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
    requestIdOf(head),
  ]);
  response.end();
}

function firstSegmentOf(rawPath: string): string {
  const end = rawPath.indexOf('/', 1);
  return end < 0 ? rawPath.slice(1) : rawPath.slice(1, end);
}

/** `OPTIONS *` asks about the server and no application (RFC 9112 3.2.4), so it is answered here. */
function answerServerOptions(head: RequestHead, response: ServerResponse): void {
  response.writeHead(200, [
    'Allow',
    'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    'Content-Length',
    '0',
    'X-Request-Id',
    requestIdOf(head),
  ]);
  response.end();
}

/** As much of a malformed target as tells whose request it was to be. */
function pathBeforeFault(url: string): string {
  return url.startsWith('/') ? (/^[^?#]*/.exec(url)?.[0] ?? '/') : '/';
}
