import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  acceptsHtml,
  destinationOf,
  readAskedPath,
  readStatuses,
  type ApplicationRules,
  type Deny,
  type Destination,
  type ListenerSide,
  type RequestFacts,
} from '@scopegate/access';
import { codeProblem, denialProblem, type Problem } from '@scopegate/problem';
import type { ProtectedApplication } from '../applications/application.js';
import type { ApplicationsService } from '../applications/applications.service.js';
import { attachExchange, Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { writeProblem } from '../common/http/problem.writer.js';
import { requestIdOf } from '../common/http/request-id.js';
import { dropUnreadBody, OWN_PATH_BODY } from '../common/http/unread-body.js';
import type { RequestLog } from '../common/logging/request.log.js';
import type { ForwardAuthService } from '../forward-auth/forward-auth.service.js';
import { writeRefusal } from '../forward-auth/door.answer.js';
import { VENDOR_TOKENS_PATH } from '../tokens/vendor/vendor-tokens.path.js';
import type { GatewayService, ProxiedRequest } from './gateway.service.js';
import { createListener, type ReceivedRequest } from './http-listener.js';
import type { LoopDetector } from './loop.detector.js';
import { OpenConnections } from './open.connections.js';

const LOOP = new ProblemException(
  'loop_detected',
  'This request has already passed through this gateway: the upstream of an application leads back to it. ' +
    'Correct "upstream", or the address that its host name resolves to.',
);
const UNKNOWN_EXPECTATION = new ProblemException(
  'request_malformed',
  'The only supported expectation is 100-continue.',
);
const STARTING = new ProblemException('policy_unavailable', 'The server is starting. Try again in a moment.');

export interface FrontDoorServices {
  readonly gateway: GatewayService;
  readonly forwardAuth: ForwardAuthService;
  readonly loops: LoopDetector;
  readonly applications: ApplicationsService;
  readonly requestLog: RequestLog;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that wait for the start; more get a 503. */
const MAX_EARLY_REQUESTS = 1_000;

/** Sends every request to the gateway, to Nest, or nowhere. */
export class FrontDoor {
  #services: FrontDoorServices | null = null;
  #frameworkHandler: Handler | null = null;
  readonly #connections = new OpenConnections();
  /** Requests that the framework has not answered yet. */
  readonly #handed = new Set<Exchange>();
  /** Requests before the door opens, such as at a first start. */
  readonly #early: (() => void)[] = [];

  /** Call this when everything behind the door is built. */
  open(services: FrontDoorServices): void {
    this.#services = services;
    for (const take of this.#early.splice(0)) take();
  }

  /** @param frameworkHandler for the server's own paths; given with the first server */
  createServer(side: ListenerSide, frameworkHandler?: Handler): Server {
    if (frameworkHandler !== undefined) this.#frameworkHandler = frameworkHandler;
    return createListener(this.#connections, (received) => this.#take(side, received));
  }

  get unanswered(): readonly Exchange[] {
    return [...this.#handed];
  }

  /** The framework has an answer. */
  noteAnswered(exchange: Exchange): void {
    this.#handed.delete(exchange);
  }

  /** From now on every answer is the last of its connection (R79). The listeners stay open. */
  drain(): void {
    this.#connections.announceClose();
  }

  /** True if requests came within this time (ms), despite draining. */
  isInUse(withinMs: number): boolean {
    return this.#connections.isInUse(withinMs);
  }

  /** Connections whose last answer has not left. */
  get busyConnections(): number {
    return this.#connections.busy;
  }

  /**
   * Stops accepting, waits for open requests, and cuts the rest.
   * @param timeoutMs for open requests
   * @returns how many were cut
   */
  close(timeoutMs: number): Promise<number> {
    return this.#connections.close(timeoutMs);
  }

  #take(side: ListenerSide, received: ReceivedRequest): void {
    const services = this.#services;
    if (services === null && this.#early.length < MAX_EARLY_REQUESTS) {
      this.#early.push(() => this.#take(side, received));
      return;
    }
    const { request, head, isOtherProtocol, expectation } = received;
    const { method = '', httpVersion, url: target = '' } = request;
    const peer = request.socket.remoteAddress;
    if (services === null || this.#frameworkHandler === null || expectation === 'unknown') {
      const [rawPath = '/'] = target.split(/[?#]/, 1);
      const problem = expectation === 'unknown' ? UNKNOWN_EXPECTATION : STARTING;
      this.#answer(received, { method, httpVersion, rawPath, query: null, head, peer }, problem);
      return;
    }
    const isLoop = services.loops.isLoop(head.lines);
    const taken = { method, httpVersion, target, head, peer, isOtherProtocol, isLoop };
    const destination = destinationOf(taken, side, services.applications);
    switch (destination.kind) {
      case 'application':
        services.gateway.handle(proxiedRequest(received, destination, destination.application));
        return;
      case 'vendor-call': {
        const { call, application } = destination;
        this.#hand(received, destination.facts, `${VENDOR_TOKENS_PATH}/${call.call}`, application.rules);
        return;
      }
      case 'door': {
        const { authority, facts, formDenial, targetFault } = destination;
        const expectsContinue = expectation === 'continue';
        services.forwardAuth.answer({ ...received, authority, facts, formDenial, targetFault, expectsContinue });
        return;
      }
      case 'own':
        this.#hand(received, destination.facts, destination.facts.rawPath, null);
        return;
      case 'refused':
        this.#refuse(received, destination, destination.denial, services.gateway);
        return;
      case 'loop':
        this.#refuse(received, destination, LOOP, services.gateway);
        return;
      case 'server-options':
        answerServerOptions(received);
        return;
      case 'nowhere':
        if (destination.isServerRoot && side !== 'gateway' && opensPage(received)) redirectToConsole(received);
        else this.#answer(received, destination.facts, new ProblemException('application_not_found', nowhere(side)));
    }
  }

  /** For the server's own paths. @param routedPath the path of the route */
  #hand(
    received: ReceivedRequest,
    facts: RequestFacts,
    routedPath: string,
    vendorMount: ApplicationRules | null,
  ): void {
    const { request, response, head, expectation } = received;
    // The framework needs the origin form here.
    request.url = facts.query === null ? routedPath : `${routedPath}?${facts.query}`;
    const requestId = requestIdOf(head);
    const exchange = new Exchange(request, response, requestId, facts, null, expectation === 'continue', vendorMount);
    attachExchange(exchange);
    this.#handed.add(exchange);
    this.#services?.requestLog.watch(exchange);
    response.setHeader('X-Request-Id', requestId);
    // The guards read the body (R112); the rest is dropped.
    dropUnreadBody(request, response, OWN_PATH_BODY);
    this.#frameworkHandler?.(request, response);
  }

  /** Refuses a request at the door. A request below a mount is recorded for its application. */
  #refuse(
    received: ReceivedRequest,
    destination: Destination<ProtectedApplication> & { readonly application: ProtectedApplication | null },
    refusal: Deny | ProblemException,
    gateway: GatewayService,
  ): void {
    const { application, facts } = destination;
    if (application === null) this.#answer(received, facts, refusal);
    else gateway.refuse(proxiedRequest(received, destination, application), refusal);
  }

  /** For a request without an application; also logged. */
  #answer({ request, response, head }: ReceivedRequest, facts: RequestFacts, refusal: Deny | ProblemException): void {
    const requestId = requestIdOf(head);
    const exchange = new Exchange(request, response, requestId, facts, null, false);
    this.#services?.requestLog.watch(exchange);
    let problem: Problem;
    if (refusal instanceof ProblemException) {
      exchange.problem = refusal;
      problem = codeProblem(refusal.code, refusal.detail, requestId);
    } else {
      exchange.denial = refusal;
      problem = denialProblem(refusal, requestId);
    }
    if (readAskedPath(facts.rawPath) === null) writeProblem(exchange, problem, true);
    else writeRefusal(exchange, problem, readStatuses(facts.query).isForNginx, true);
  }
}

function proxiedRequest(
  { request, response, expectation }: ReceivedRequest,
  { facts, authority }: Destination<ProtectedApplication>,
  application: ProtectedApplication,
): ProxiedRequest {
  return { request, response, application, authority, facts, expectsContinue: expectation === 'continue' };
}

function nowhere(side: ListenerSide): string {
  const detail = 'No application is mounted at this address. Check the host name and the path.';
  return side === 'gateway' ? detail : `${detail} The API is documented at /docs.`;
}

function opensPage({ request: { method }, head }: ReceivedRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && acceptsHtml(head);
}

/** The server's root has no page, so a browser is redirected. */
function redirectToConsole({ response, head }: ReceivedRequest): void {
  const lines = ['Location', '/console', 'Vary', 'Accept', 'Cache-Control', 'no-store', 'Content-Length', '0'];
  response.writeHead(302, [...lines, 'X-Request-Id', requestIdOf(head)]).end();
}

function answerServerOptions({ response, head }: ReceivedRequest): void {
  const lines = ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', 'Content-Length', '0'];
  response.writeHead(200, [...lines, 'X-Request-Id', requestIdOf(head)]).end();
}
