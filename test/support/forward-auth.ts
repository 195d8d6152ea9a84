import { expect } from 'vitest';
import type { HeaderLine } from './http-message.js';
import { request, type RawAnswer, type SendOptions } from './raw-client.js';

/** A request that a client sends to a proxy. */
export type Subject = {
  /** Default `GET`. */
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly HeaderLine[];
};

/** The forms in which a proxy asks for a decision. */
export const ASKING_FORMS = ['request', 'forwarded', 'original'] as const;

export type AskingForm = (typeof ASKING_FORMS)[number];

export type AskOptions = SendOptions & {
  readonly port: number;
  readonly application: string;
  /** Default `request`. */
  readonly form?: AskingForm;
  /** Behind the original query, or behind the path. */
  readonly statuses?: boolean;
};

/** The four lines of Traefik's dialect. */
export function forwardedLines({ method = 'GET', target }: Subject): readonly HeaderLine[] {
  return [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Uri', target],
    ['X-Forwarded-Host', 'public.test'],
    ['X-Forwarded-Proto', 'https'],
  ];
}

/** The two lines of the dialect of ingress-nginx. */
export function originalLines({ method = 'GET', target }: Subject): readonly HeaderLine[] {
  return [
    ['X-Original-Method', method],
    ['X-Original-URL', `https://public.test${target}`],
  ];
}

/** Asks as a proxy does whether a request may pass. */
export function ask(subject: Subject, options: AskOptions): Promise<RawAnswer> {
  const { port, application, form = 'request', statuses = false, ...sending } = options;
  const question = `/authorize/${application}`;
  const { method = 'GET', target, headers = [] } = subject;
  if (form === 'request') {
    const piece = statuses ? `${target.includes('?') ? '&' : '?'}statuses=nginx` : '';
    return request({ port, method, target: `${question}${target}${piece}`, headers }, sending);
  }
  const lines = form === 'forwarded' ? forwardedLines(subject) : originalLines(subject);
  const query = statuses ? '?statuses=nginx' : '';
  return request({ port, target: `${question}${query}`, headers: [...lines, ...headers] }, sending);
}

/** Expects an allow as proxies need it: exactly 200, and nothing to read. */
export function expectAllow(answer: RawAnswer, code: 'allowed' | 'passed'): void {
  expect({ status: answer.status, code: answer.header('x-scopegate-code') }, answer.text()).toEqual({
    status: 200,
    code,
  });
  expect(answer.body.length).toBe(0);
  expect(answer.complete).toBe(true);
}

/** Expects a refusal with its problem. */
export function expectRefusal(answer: RawAnswer, status: number, code: string): void {
  expect({ status: answer.status, code: answer.header('x-scopegate-code') }, answer.raw.toString('latin1')).toEqual({
    status,
    code,
  });
  expect(answer.json()).toMatchObject({ status, code, requestId: answer.header('x-request-id') });
}
