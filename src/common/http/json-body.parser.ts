import { jsonShapeProblem, type JsonShapeProblem } from '@scopegate/kernel';
import type { FastifyInstance } from 'fastify';
import { ProblemException } from './problem.exception.js';

/** Merge patches are JSON like any other body; what differs is how they are applied. */
const MEDIA_TYPES = ['application/json', 'application/merge-patch+json'];

/** No document of the API is nested half as deep. */
const MAX_DEPTH = 32;

const TEXTS: Readonly<Record<JsonShapeProblem, string>> = {
  'too-deep': 'The body is nested too deep.',
  'repeated-name': 'The body names a member twice in one object. Name it once.',
  'forbidden-name': 'The body holds a member named "__proto__", "constructor" or "prototype". Leave it out.',
};

/**
 * Makes JSON the only kind of body that is read. Every other media type is a 415, forms above all: a page of another
 * site can send them with the credentials that a browser remembers.
 */
export function readJsonBodiesOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(MEDIA_TYPES, { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/**
 * Reads a body of UTF-8 JSON; an empty one is none, since some clients announce JSON with every DELETE.
 * @throws ProblemException 400 where it is no JSON, or JSON that two readers could take for different things
 */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    value = JSON.parse(text);
  } catch {
    throw new ProblemException('request_malformed', 'The body is not valid JSON in UTF-8.');
  }
  const problem = jsonShapeProblem(text, MAX_DEPTH);
  if (problem !== null) throw new ProblemException('request_malformed', TEXTS[problem]);
  return value;
}
