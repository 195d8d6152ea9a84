import { Injectable } from '@nestjs/common';
import type { Allow, Authenticated, TokenFacts } from '@scopegate/access';
import { productOf } from '@scopegate/product';
import { sessionsInCookies } from '@scopegate/token';
import { sessionAnswer, sessionCookie, sessionUserAnswer, type OuterAddress } from '@scopegate/upstream';
import { DecisionRecorder } from '../access/decision.recorder.js';
import type { ProtectedApplication } from '../applications/application.js';
import type { Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { SessionsService } from '../tokens/sessions.service.js';
import { dropUnreadBody, REFUSED_BODY } from '../common/http/unread-body.js';
import { LoginQuestion } from './login.question.js';
import { originOf, outerAddressOf } from './request-origin.js';

const METHODS = 'GET, HEAD, POST, DELETE, OPTIONS';

interface OwnAnswer {
  readonly status: number;
  readonly body: string | null;
  /** Names and values in turns. */
  readonly lines: readonly string[];
}

/** With a token, for jira's session endpoint. */
interface SessionRequest {
  readonly application: ProtectedApplication;
  readonly decision: Allow;
  readonly authenticated: Authenticated;
  readonly token: TokenFacts;
  readonly address: OuterAddress;
  readonly cookieName: string;
}

/**
 * R04, R11: the gateway's own sessions in jira's form. A token never makes an upstream session: with a credential of the
 * upstream's own, or an assertion, the upstream is asked who the user is (R77); else nothing goes upstream.
 */
@Injectable()
export class SessionEndpoint {
  constructor(
    private readonly sessions: SessionsService,
    private readonly recorder: DecisionRecorder,
    private readonly logins: LoginQuestion,
  ) {}

  /** @throws ProblemException 405 for another method, 503 if nothing can be stored */
  async answer(exchange: Exchange, application: ProtectedApplication, decision: Allow): Promise<void> {
    const { authenticated } = decision;
    const { token } = authenticated;
    if (token === null) throw new Error('Only a token can have sessions.');
    const address = outerAddressOf(application, originOf(decision, exchange));
    const cookieName = productOf(application.rules.kind).session.cookie;
    const answer = await this.#answerTo(exchange, { application, decision, authenticated, token, address, cookieName });
    this.recorder.settle(exchange, answer.status, {
      release: () => write(exchange, answer),
      drop: () => exchange.response.destroy(),
    });
  }

  async #answerTo(exchange: Exchange, request: SessionRequest): Promise<OwnAnswer> {
    const { authenticated, address, cookieName, token } = request;
    switch (exchange.facts.method) {
      case 'POST': {
        const loginInfo = await this.logins.ask(request.application, request.decision);
        const value = await this.#sessionFor(authenticated, token);
        const lines = ['Set-Cookie', sessionCookie(cookieName, value, address)];
        return { status: 200, body: sessionAnswer(cookieName, value, loginInfo), lines };
      }
      case 'GET':
      case 'HEAD':
        return { status: 200, body: sessionUserAnswer(authenticated.principal.username, address), lines: [] };
      case 'DELETE':
        // Also with an Authorization line: the client names the session to end.
        await this.sessions.end(token.id, sessionsInCookies(exchange.facts.head.values('cookie')));
        return { status: 204, body: null, lines: ['Set-Cookie', sessionCookie(cookieName, null, address)] };
      case 'OPTIONS':
        return { status: 200, body: null, lines: ['Allow', METHODS, 'Content-Length', '0'] };
      default:
        throw new ProblemException('method_not_allowed', `The session endpoint accepts ${METHODS}.`);
    }
  }

  /** A session that logs in again stays the same. */
  async #sessionFor({ admitted: { credential } }: Authenticated, token: TokenFacts): Promise<string> {
    const isSession = credential.kind === 'token' && credential.via === 'cookie';
    return isSession ? credential.secret : this.sessions.open(token.id);
  }
}

/** R04: under one of its names, with a token. */
export function isForSessionEndpoint({ authenticated: { admitted, token } }: Allow): boolean {
  const { path } = admitted;
  return token !== null && path?.strict.ok === true && path.strict.pathClass === 'rest-session';
}

function write(exchange: Exchange, { status, body, lines }: OwnAnswer): void {
  const { request, response } = exchange;
  if (response.destroyed) return;
  dropUnreadBody(request, response, REFUSED_BODY);
  const head = [...lines, 'Cache-Control', 'no-store'];
  exchange.addOwnLines(head);
  if (body !== null) {
    head.push('Content-Type', 'application/json;charset=UTF-8', 'Content-Length', String(Buffer.byteLength(body)));
  }
  // A client without `100 Continue` may send its body or not.
  if (exchange.expectsContinue && exchange.readBody === null) head.push('Connection', 'close');
  response.writeHead(status, head);
  response.end(request.method === 'HEAD' ? undefined : (body ?? undefined));
}
