import { Injectable } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import type { FieldError, ProblemCode } from '@scopegate/problem';
import { productOf } from '@scopegate/product';
import { adviceFor, identityLines, parseSecret } from '@scopegate/upstream';
import type { ProtectedApplication, StoredApplication } from '../applications/application.js';
import { knownVersion } from '../applications/application-version.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { readIdentityHeaders, sealedName } from '../applications/identity-header.js';
import { askUpstream, questionLines, type UpstreamAnswer } from '../applications/upstream.question.js';
import { VersionReader } from '../applications/version.reader.js';
import { invalidField, invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { DirectoryService } from '../directory/directory.service.js';
import { beliefOf, unknown, type Belief } from './check-advice.js';
import type { ApplicationCheckDto, CheckApplicationDto } from './dto/application-check.dto.js';
import { UpstreamIdentity, type RequestIdentity } from './upstream-identity.js';

/** Shorter than the application's own limit: an administrator waits. */
const MAX_TIMEOUT_MS = 5_000;

/** A check holds a connection for some seconds, and few are needed at a time. */
const MAX_AT_ONCE = 4;

/** As a token with this scope would ask. */
const CHECKED_TOKEN = { id: '', scope: 'read-only' } as const;

type TriedHeaders = ReadonlyMap<string, { readonly name: string; readonly secret: string }>;

/** The lines of the user, or why there are none. */
type CheckedIdentity = RequestIdentity | { readonly missing: string };

/** What the user has, by the code of a request that needs it. */
const DEPOSIT_PROBLEMS: ReadonlyMap<ProblemCode, string> = new Map<ProblemCode, string>([
  ['upstream_credential_missing', 'has no stored credential that may be sent'],
  ['upstream_credential_rejected', 'has a stored credential that was refused'],
]);

/**
 * R126: sends a request as a named user to the stored upstream only, follows no redirect, and shows only status, user
 * and version.
 */
@Injectable()
export class ApplicationChecker {
  #running = 0;

  constructor(
    private readonly applications: ApplicationsService,
    private readonly directory: DirectoryService,
    private readonly versions: VersionReader,
    private readonly identities: UpstreamIdentity,
  ) {}

  /** @throws a 404 for an unknown application, a 400 for an invalid user or secret, a 503 if too many run */
  async check(caller: PrincipalFacts, key: string, asked: CheckApplicationDto): Promise<ApplicationCheckDto> {
    const stored = this.applications.get(key);
    const application = this.applications.byKey(key);
    if (application === null) {
      throw new ProblemException('policy_unavailable', 'The application has just been changed.');
    }
    if (application.fault !== null) throw new ProblemException('policy_unavailable', application.fault);
    const user = asked.username === undefined ? caller : await this.directory.findByName(asked.username);
    if (user === null || !user.active) throw invalidField('username', 'is not an active user. Check the user name.');
    const tried = readSecrets(asked.secrets ?? {});
    if (this.#running >= MAX_AT_ONCE) {
      throw new ProblemException('policy_unavailable', 'Other checks are under way. Try again in a moment.');
    }
    this.#running += 1;
    try {
      return await this.#ask(stored, application, user, tried);
    } finally {
      this.#running -= 1;
    }
  }

  async #ask(
    { document }: StoredApplication,
    application: ProtectedApplication,
    user: PrincipalFacts,
    tried: TriedHeaders,
  ): Promise<ApplicationCheckDto> {
    const { kind } = document;
    const { version: versionSource } = productOf(kind);
    const [{ answer, belief }, reading] = await Promise.all([
      this.#askAs(application, user, tried),
      versionSource === null ? null : this.versions.read(versionSource, application),
    ]);
    const isReachable = answer.kind === 'answer';
    const isTls = application.target.origin.startsWith('https:');
    const read = reading?.ok === true ? reading.version : null;
    const { identityBelieved, upstreamAccount, advice } = belief;
    return {
      reachable: isReachable,
      tls: isTls && isReachable,
      version: document.version ?? read ?? knownVersion(document),
      identityBelieved,
      upstreamAccount,
      status: isReachable ? answer.status : null,
      advice: [
        ...advice,
        ...(reading?.ok === false && reading.problem === 'other-product' && isReachable
          ? [`The server says that it is not ${kind}. Check "kind" and "upstream".`]
          : []),
      ],
    };
  }

  async #askAs(
    application: ProtectedApplication,
    user: PrincipalFacts,
    tried: TriedHeaders,
  ): Promise<{ readonly answer: UpstreamAnswer; readonly belief: Belief }> {
    const { whoAmI, health } = productOf(application.rules.kind);
    const path = application.target.basePath + (whoAmI?.path ?? health);
    const identity = await this.#identityOf(application, user, path);
    if ('missing' in identity && tried.size === 0) {
      const answer = await question(application, application.target.basePath + health, []);
      return { answer, belief: unknown(answer.kind === 'answer' ? identity.missing : adviceFor(answer.failure)) };
    }
    const stored = 'missing' in identity ? [] : identity.lines;
    const answer = await question(application, path, withTried(application, user, stored, tried));
    const credential = 'missing' in identity || tried.size > 0 ? null : identity.credential;
    // R70: one refusal is enough, or the product asks for a CAPTCHA.
    if (answer.kind === 'answer') this.identities.refusalIn(application, user.id, credential, answer);
    return { answer, belief: beliefOf(answer, application, user.username) };
  }

  /** @throws a 503 if an assertion cannot be signed */
  async #identityOf(
    application: ProtectedApplication,
    principal: PrincipalFacts,
    path: string,
  ): Promise<CheckedIdentity> {
    const nameProblem = application.rules.acting?.userProblem(principal.username) ?? null;
    if (nameProblem !== null) return { missing: nameProblem };
    try {
      const request = { method: 'GET', path };
      return await this.identities.identityOf(
        application,
        { authenticated: { principal, token: CHECKED_TOKEN } },
        request,
      );
    } catch (error) {
      const state = error instanceof ProblemException ? DEPOSIT_PROBLEMS.get(error.code) : undefined;
      if (state === undefined || !(error instanceof ProblemException)) throw error;
      return {
        missing: `The user "${principal.username}" ${state}, so only the health of the application was asked. ${error.detail}`,
      };
    }
  }
}

function question(
  application: ProtectedApplication,
  path: string,
  headers: readonly string[],
): Promise<UpstreamAnswer> {
  return askUpstream({
    endpoint: application,
    path,
    headers: [...questionLines(application), ...headers],
    timeoutMs: Math.min(application.options.timeoutMs, MAX_TIMEOUT_MS),
  });
}

/** Values to try take the place of stored ones. */
function withTried(
  { identity }: ProtectedApplication,
  user: PrincipalFacts,
  stored: readonly string[],
  tried: TriedHeaders,
): readonly string[] {
  const kept = stored.filter((_text, index) => !tried.has(sealedName(stored[index - (index % 2)] ?? '')));
  const templates = [...tried.values()].flatMap(({ name, secret }) => {
    const parsing = parseSecret(name, secret);
    return parsing.ok ? [{ name, template: parsing.template, isBasic: parsing.isBasic }] : [];
  });
  return [...kept, ...identityLines({ ...identity, templates }, { user, token: CHECKED_TOKEN })];
}

/** Secrets to try follow the same rules as stored ones. */
function readSecrets(secrets: object): TriedHeaders {
  const errors: FieldError[] = [];
  const asked = Object.fromEntries(
    Object.entries(secrets).map(([name, secret]) => [name, { secret: secret as unknown }]),
  );
  const headers = readIdentityHeaders(asked, [], errors);
  if (errors.length > 0) {
    throw invalidFields(
      errors.map(({ field, message }) => ({
        field: field.replace('identity.headers', 'secrets'),
        message: message.replace('identity.headers', 'secrets'),
      })),
    );
  }
  return new Map(headers.flatMap((header) => ('secret' in header ? [[sealedName(header.name), header] as const] : [])));
}
