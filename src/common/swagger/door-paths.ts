import type { OpenAPIObject } from '@nestjs/swagger';
import { REASONS } from '@scopegate/access';
import { PROBLEM_CODES, type ProblemCode } from '@scopegate/problem';
import { problemResponse } from './problem-response.js';
import { REQUEST_ID_HEADER } from './response-headers.js';

type Paths = OpenAPIObject['paths'];
type Operation = NonNullable<Paths[string]['get']>;
type Parameter = Extract<NonNullable<Operation['parameters']>[number], { name: string }>;

export const DOORS_TAG = 'Doors';

/** Answered before the framework, so that no controller describes them (R84, R85). */
export function doorPaths(): Paths {
  return {
    '/authorize/{application}': { get: describedRequest() },
    '/authorize/{application}/{target}': { get: requestItself() },
  };
}

const ANY_METHOD =
  'Every method is answered alike, without reading a body. Only trusted proxies may ask (`reverseProxy` of the settings).';

const ALLOW =
  'The request may pass. Besides the headers named here, there is one line for each identity header of the application, ' +
  'for `Authorization`, `Cookie`, and the headers in which the product takes a credential: what the application must ' +
  'get, and empty where it must get none. The proxy replaces the lines of the client by these.';

function describedRequest(): Operation {
  return {
    operationId: 'checkDescribedRequest',
    summary: 'May the request pass that headers describe?',
    description:
      `For Traefik and ingress-nginx. ${ANY_METHOD} Send either the four headers \`X-Forwarded-*\`, or the two ` +
      '`X-Original-*`, each exactly once. All other header lines are those of the client.',
    parameters: [
      APPLICATION,
      describing('X-Forwarded-Method', 'The method.', 'GET'),
      describing('X-Forwarded-Uri', 'The target, from its first slash on, byte for byte.', '/things?page=2'),
      describing('X-Forwarded-Host', 'The `Host` of the client.', 'tracker.example.org'),
      describing('X-Forwarded-Proto', '`http` or `https`.', 'https'),
      describing('X-Original-Method', 'The method.', 'GET'),
      describing('X-Original-URL', 'The whole address, or the target.', 'https://tracker.example.org/things?page=2'),
      STATUSES,
    ],
    ...COMMON,
    responses: responses(),
  };
}

function requestItself(): Operation {
  return {
    operationId: 'checkRequest',
    summary: 'May this request pass?',
    description:
      `For Envoy, the Gateway API, nginx, Caddy and HAProxy. ${ANY_METHOD} The request is the subject: its method, its ` +
      'target behind the key of the application, and its header lines.',
    parameters: [
      APPLICATION,
      {
        name: 'target',
        in: 'path',
        required: true,
        description: 'The original path and query, byte for byte, with further slashes.',
        schema: { type: 'string', example: 'things?page=2' },
      },
      STATUSES,
    ],
    ...COMMON,
    responses: responses(),
  };
}

const COMMON = { tags: [DOORS_TAG], security: [] } satisfies Partial<Operation>;

const APPLICATION: Parameter = {
  name: 'application',
  in: 'path',
  required: true,
  description: 'The key of the application.',
  schema: { type: 'string', example: 'tracker' },
};

const STATUSES: Parameter = {
  name: 'statuses',
  in: 'query',
  required: false,
  description:
    '`nginx`, as the last part of the query: only 200, 401 and 403 are answered. The true status is in ' +
    '`X-Scopegate-Status`, and the problem is in `X-Scopegate-Problem`, as JSON on one line.',
  schema: { type: 'string', enum: ['nginx'] },
};

function describing(name: string, description: string, example: string): Parameter {
  return { name, in: 'header', required: false, description, schema: { type: 'string', example } };
}

function responses(): Operation['responses'] {
  const allow = {
    description: ALLOW,
    headers: {
      ...REQUEST_ID_HEADER,
      'X-Scopegate-Code': {
        description: '`passed`: the application itself judges the request, such as one with a password.',
        schema: { type: 'string', enum: ['allowed', 'passed'] },
      },
    },
  };
  const refusals = [...codesByStatus()].map(([status, codes]) => [status, problemResponse(status, codes)] as const);
  return { 200: allow, ...Object.fromEntries(refusals) };
}

/** Besides those of a decision. */
const OTHER_CODES: readonly ProblemCode[] = [
  'application_not_found',
  'internal_error',
  'policy_unavailable',
  'audit_unavailable',
  'loop_detected',
];

function codesByStatus(): ReadonlyMap<number, readonly string[]> {
  const reasons = Object.values(REASONS).filter(({ publicCode }) => publicCode !== 'administrator_required');
  const all = [
    ...reasons.map(({ status, publicCode }) => [status, publicCode] as const),
    ...OTHER_CODES.map((code) => [PROBLEM_CODES[code].status, code] as const),
  ].sort(([first], [second]) => first - second);
  const byStatus = new Map<number, readonly string[]>();
  for (const [status, code] of all) {
    const known = byStatus.get(status) ?? [];
    if (!known.includes(code)) byStatus.set(status, [...known, code]);
  }
  return byStatus;
}
