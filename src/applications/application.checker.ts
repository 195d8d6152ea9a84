import { Injectable } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import type { FieldError } from '@scopegate/problem';
import { sameUserName } from '@scopegate/token';
import { productOf } from '@scopegate/product';
import { adviceFor, identityLines, parseSecret, readAccount } from '@scopegate/upstream';
import { invalidField, invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { DirectoryService } from '../directory/directory.service.js';
import type { ProtectedApplication, StoredApplication } from './application.js';
import { knownVersion } from './application-version.js';
import { ApplicationsService } from './applications.service.js';
import type { ApplicationCheckDto, CheckApplicationDto } from './dto/application-check.dto.js';
import { readIdentityHeaders, sealedName } from './identity-header.js';
import { askUpstream, QUESTION_LINES, type UpstreamAnswer } from './upstream.question.js';
import { VersionReader } from './version.reader.js';

/** Shorter than the application's own limit: an administrator waits. */
const MAX_TIMEOUT_MS = 5_000;

/** A check holds a connection for some seconds, and few are needed at a time. */
const MAX_AT_ONCE = 4;

/** Whether the upstream accepts the user, which one it sees, and what to do. */
type Belief = Pick<ApplicationCheckDto, 'identityBelieved' | 'upstreamAccount' | 'advice'>;

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
    const headers = linesOf(application, user, readSecrets(asked.secrets ?? {}));
    if (this.#running >= MAX_AT_ONCE) {
      throw new ProblemException('policy_unavailable', 'Other checks are under way. Try again in a moment.');
    }
    this.#running += 1;
    try {
      return await this.#ask(stored, application, user, headers);
    } finally {
      this.#running -= 1;
    }
  }

  async #ask(
    { document }: StoredApplication,
    application: ProtectedApplication,
    user: PrincipalFacts,
    headers: readonly string[],
  ): Promise<ApplicationCheckDto> {
    const { kind } = document;
    const { origin, basePath } = application.target;
    const { whoAmI, version: versionSource } = productOf(kind);
    const [answer, reading] = await Promise.all([
      askUpstream({
        endpoint: application,
        path: basePath + (whoAmI?.path ?? '/'),
        headers: [...QUESTION_LINES, ...headers],
        timeoutMs: Math.min(application.options.timeoutMs, MAX_TIMEOUT_MS),
      }),
      versionSource === null ? null : this.versions.read(versionSource, application),
    ]);
    const isReachable = answer.kind === 'answer';
    const isTls = origin.startsWith('https:');
    const read = reading?.ok === true ? reading.version : null;
    const { identityBelieved, upstreamAccount, advice } = beliefOf(answer, application, user);
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
}

/** The answer does not show the user. */
function unknown(advice: string): Belief {
  return { identityBelieved: 'unknown', upstreamAccount: null, advice: [advice] };
}

function beliefOf(answer: UpstreamAnswer, application: ProtectedApplication, user: PrincipalFacts): Belief {
  if (answer.kind === 'no-answer') return unknown(adviceFor(answer.failure));
  const { status, body } = answer;
  const names = application.identity.templates.map(({ name }) => name).join(', ');
  if (status === 401 || status === 403) {
    return {
      identityBelieved: false,
      upstreamAccount: null,
      advice: [
        `The application refuses the request with ${status}. Configure it to trust ` +
          `${names === '' ? 'an identity header' : names} from the gateway, and check that it has a user ` +
          `"${user.username}".`,
      ],
    };
  }
  if (status >= 300 && status < 400) {
    return unknown('The application redirects the request, perhaps to its login. Check the path of "upstream".');
  }
  const { whoAmI } = productOf(application.rules.kind);
  if (whoAmI === null) {
    return unknown('This kind of application has no known call that returns the current user. Try a call of your own.');
  }
  if (status !== 200) {
    return unknown(`The call ${whoAmI.path} answers ${status}. Check "kind" and the path of "upstream".`);
  }
  const reading = body === null ? ({ known: false } as const) : readAccount(body, whoAmI.account);
  if (!reading.known) {
    return unknown(`The answer of ${whoAmI.path} does not look like this product. Check "kind" and "upstream".`);
  }
  const { account } = reading;
  if (account !== null && sameUserName(account, user.username)) {
    return { identityBelieved: true, upstreamAccount: account, advice: [] };
  }
  const advice =
    account === null
      ? 'The application sees no user in the request: it does not read ' +
        `${names === '' ? 'an identity header' : names}.`
      : `The application sees the user "${account}" and not "${user.username}". Check which header it reads, and ` +
        'that the gateway does not send a fixed credential.';
  return { identityBelieved: false, upstreamAccount: account, advice: [advice] };
}

/** As for a token request, with values to try instead of stored ones. */
function linesOf(
  { identity }: ProtectedApplication,
  user: PrincipalFacts,
  secrets: ReadonlyMap<string, { readonly name: string; readonly secret: string }>,
): readonly string[] {
  const stored = identity.templates.filter(({ name }) => !secrets.has(sealedName(name)));
  const tried = [...secrets.values()].flatMap(({ name, secret }) => {
    const parsing = parseSecret(name, secret);
    return parsing.ok ? [{ name, template: parsing.template, isBasic: parsing.isBasic }] : [];
  });
  const templates = [...stored, ...tried];
  return identityLines({ ...identity, templates }, { user, token: { id: '', scope: 'read-only' } });
}

/** Secrets to try follow the same rules as stored ones. */
function readSecrets(secrets: object): ReadonlyMap<string, { readonly name: string; readonly secret: string }> {
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
