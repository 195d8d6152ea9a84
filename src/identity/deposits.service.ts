import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { productOf } from '@scopegate/product';
import { credentialSecretProblem, credentialUserProblem, secretHint } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { decodeCursor, pageOf, type Page, type PageQuery } from '../common/paging/page.js';
import { Clock } from '../common/time/clock.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DeletionsService } from '../directory/deletions.service.js';
import { DirectoryService } from '../directory/directory.service.js';
import { SecretBox } from '../keys/secret-box.js';
import {
  accountOf,
  depositRulesOf,
  isAccountOf,
  openDeposit,
  sealDeposit,
  type DepositCredential,
  type DepositRules,
} from './deposit.js';
import { DepositEntity } from './deposit.entity.js';
import { changedDeposit, toDepositDto } from './deposit.mapper.js';
import { tryDeposit, type TrialResult } from './deposit.question.js';
import { DepositRepository, DEPOSITS_IN_ONE_BATCH } from './deposit.repository.js';
import { DepositThrottle } from './deposit.throttle.js';
import type { DepositDto, StoreDepositDto } from './dto/deposit.dto.js';

interface TakingApplication {
  readonly application: ProtectedApplication;
  readonly rules: DepositRules;
}

/** Users' own credentials for an upstream (R68, R69). No call returns a secret. */
@Injectable()
export class DepositsService implements OnModuleInit {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly directory: DirectoryService,
    private readonly deletions: DeletionsService,
    private readonly deposits: DepositRepository,
    private readonly throttle: DepositThrottle,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.applications.onDeleting((unit, key) => this.deposits.removeAllOf(unit, key));
    this.directory.onUserRenaming((unit, userId, username) => this.deposits.renameUser(unit, userId, username));
    this.deletions.addStep('user', (userId, actor) => this.#removeAllOfUser(userId, actor));
  }

  async listOfUser({ id }: PrincipalFacts, query: PageQuery): Promise<Page<DepositDto>> {
    const [after] = decodeCursor(query.cursor, 1) ?? [''];
    if (typeof after !== 'string') throw foreignCursor();
    const rows = await this.deposits.pageOfUser(id, after, query.limit + 1);
    return pageOf(
      rows,
      query.limit,
      ({ application }) => [application],
      (row) => this.#shown(row),
    );
  }

  /** @throws a 404 for an unknown application */
  async listOfApplication(key: string, query: PageQuery): Promise<Page<DepositDto>> {
    const [username, userId] = decodeCursor(query.cursor, 2) ?? ['', ''];
    if (typeof username !== 'string' || typeof userId !== 'string') throw foreignCursor();
    this.applications.get(key);
    const rows = await this.deposits.pageOfApplication(key, [username, userId], query.limit + 1);
    return pageOf(
      rows,
      query.limit,
      (row) => [row.username, row.userId],
      (row) => this.#shown(row),
    );
  }

  /**
   * Stores the credential after a trial.
   * @throws a 404, a 409 if the application takes none, a 422 if it is not valid or of another account, a 502 if it
   *   could not be tried
   */
  async store(user: PrincipalFacts, key: string, asked: StoreDepositDto, actor: Actor): Promise<DepositDto> {
    const taking = this.#taking(key);
    const credential = credentialOf(asked, taking.rules, user.username);
    const result = await this.#try(user, taking, credential);
    if (result.kind !== 'account') throw new ProblemException('upstream_account_mismatch', result.detail);
    const nowMs = this.clock.nowMs();
    const place = { application: key, userId: user.id, endpoint: taking.application.target.endpoint };
    const made: DepositEntity = {
      ...place,
      username: user.username,
      version: randomUUID(),
      sealed: sealDeposit(this.box, place, credential),
      type: credential.type,
      hint: secretHint(credential.secret),
      upstreamAccount: result.account,
      isRejected: false,
      depositedAtMs: nowMs,
      checkedAtMs: nowMs,
      lastUsedAtMs: null,
    };
    return this.unitOfWork.run(async (unit) => {
      const before = await this.#hold(unit, taking.application, user);
      await this.#save(unit, before, made, actor);
      return toDepositDto(made, taking.application);
    });
  }

  /**
   * Tries the stored credential again, also at another upstream than before: only its owner may send it there.
   * @throws a 404, a 409 if the application takes none, a 422 if it is of another account, a 502 if it could not be
   *   tried
   */
  async check(user: PrincipalFacts, key: string, actor: Actor): Promise<DepositDto> {
    const taking = this.#taking(key);
    const stored = await this.unitOfWork.read((manager) =>
      this.deposits.find(manager, { application: key, userId: user.id }),
    );
    if (stored === null) throw noDeposit();
    const credential = openDeposit(this.box, stored);
    if (credential === null) {
      throw new ProblemException('conflict', 'The stored credential cannot be decrypted any more. Store it again.');
    }
    const result = await this.#try(user, taking, credential);
    const { endpoint } = taking.application.target;
    const made: DepositEntity = {
      ...stored,
      endpoint,
      version: randomUUID(),
      sealed: sealDeposit(this.box, { ...stored, endpoint }, credential),
      isRejected: result.kind !== 'account',
      checkedAtMs: this.clock.nowMs(),
      ...(result.kind === 'account' ? { upstreamAccount: result.account } : {}),
    };
    const shown = await this.unitOfWork.run(async (unit) => {
      const before = await this.#hold(unit, taking.application, user);
      if (before?.version !== stored.version) {
        throw new ProblemException('conflict', 'The credential has been changed meanwhile. Try again.');
      }
      // Its uses are noted meanwhile.
      const checked = { ...made, lastUsedAtMs: before.lastUsedAtMs };
      await this.#save(unit, before, checked, actor);
      return toDepositDto(checked, taking.application);
    });
    if (result.kind === 'mismatch') throw new ProblemException('upstream_account_mismatch', result.detail);
    return shown;
  }

  /** @throws a 404 */
  removeOfUser({ id }: PrincipalFacts, key: string, actor: Actor): Promise<void> {
    return this.#remove(key, id, actor);
  }

  /** @throws a 404 for an unknown application, an unknown user, or a user without a credential */
  async removeOfApplication(key: string, username: string, actor: Actor): Promise<void> {
    this.applications.get(key);
    const user = await this.directory.findByName(username);
    if (user === null) throw noDeposit();
    await this.#remove(key, user.id, actor);
  }

  #shown(row: DepositEntity): DepositDto {
    return toDepositDto(row, this.applications.byKey(row.application));
  }

  #taking(key: string): TakingApplication {
    this.applications.get(key);
    const application = this.applications.byKey(key);
    if (application === null) {
      throw new ProblemException('policy_unavailable', 'The application has just been changed.');
    }
    if (application.fault !== null) {
      throw new ProblemException('policy_unavailable', 'The application is closed. Tell an administrator.');
    }
    const rules = depositRulesOf(application);
    if (rules === null) {
      throw new ProblemException('conflict', `The application "${key}" takes no credentials of its users.`);
    }
    if (productOf(application.rules.kind).whoAmI === null) {
      throw new ProblemException(
        'conflict',
        `No credential can be stored for the application "${key}": its kind has no call that shows whose one it is.`,
      );
    }
    return { application, rules };
  }

  /** @throws a 502 if it has no result */
  async #try(
    user: PrincipalFacts,
    { application, rules }: TakingApplication,
    credential: DepositCredential,
  ): Promise<OwnResult> {
    const result = await this.throttle.run(
      user.id,
      async () => ownResult(await tryDeposit(application, rules, credential), rules, user.username),
      ({ kind }) => kind === 'refused' || kind === 'mismatch',
    );
    if (result.kind === 'no-result') throw new ProblemException('upstream_unreachable', result.detail);
    return result;
  }

  /** Until the transaction ends, so that the credential cannot be redirected, or left without an owner. */
  async #hold(unit: Unit, application: ProtectedApplication, user: PrincipalFacts): Promise<DepositEntity | null> {
    await this.applications.hold(unit, application);
    if (!(await this.directory.holdActive(unit, user.id))) {
      throw new ProblemException('conflict', 'Your user has been deleted or deactivated meanwhile.');
    }
    const { manager } = unit;
    return this.deposits.find(manager, { application: application.key, userId: user.id }, rowLock(manager));
  }

  async #save(unit: Unit, before: DepositEntity | null, made: DepositEntity, actor: Actor): Promise<void> {
    await this.deposits.save(unit, made);
    this.audit.recordChange(unit.manager, actor, changedDeposit(before, made));
  }

  #remove(application: string, userId: string, actor: Actor): Promise<void> {
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      const row = await this.deposits.find(manager, { application, userId }, rowLock(manager));
      if (row === null) throw noDeposit();
      await this.#delete(unit, row, actor);
    });
  }

  async #removeAllOfUser(userId: string, actor: Actor): Promise<void> {
    for (let isMore = true; isMore;) {
      isMore = await this.unitOfWork.run(async (unit) => {
        const rows = await this.deposits.someOfUser(unit.manager, userId);
        for (const row of rows) await this.#delete(unit, row, actor);
        return rows.length === DEPOSITS_IN_ONE_BATCH;
      });
    }
  }

  async #delete(unit: Unit, row: DepositEntity, actor: Actor): Promise<void> {
    await this.deposits.remove(unit, row);
    this.audit.recordChange(unit.manager, actor, changedDeposit(row, null));
  }
}

type OwnResult = TrialResult | { readonly kind: 'mismatch'; readonly detail: string };

function ownResult(result: TrialResult, rules: DepositRules, username: string): OwnResult {
  if (result.kind !== 'account' || isAccountOf(rules, username, result.account)) return result;
  return {
    kind: 'mismatch',
    detail:
      `The credential belongs to the account "${result.account}" of the application, and not to "${username}". Use one ` +
      'of your own. If this is your account, ask an administrator to add it to "identity.accounts".',
  };
}

/** @throws a 400 */
function credentialOf(
  { type, username, secret }: StoreDepositDto,
  rules: DepositRules,
  own: string,
): DepositCredential {
  const problem = credentialSecretProblem(type, secret);
  if (problem !== null) throw invalidField('secret', problem);
  if (type === 'bearer') {
    if (username !== undefined) throw invalidField('username', 'belongs to the type "basic" alone: leave it out');
    return { type, username: null, secret };
  }
  const account = username ?? accountOf(rules, own);
  const userProblem = credentialUserProblem(account);
  if (userProblem !== null) throw invalidField('username', userProblem);
  return { type, username: account, secret };
}

function noDeposit(): ProblemException {
  return new ProblemException('not_found', 'No credential is stored for this user and application.');
}

function foreignCursor(): ProblemException {
  return invalidField('cursor', 'does not belong to this list. Use the nextCursor of the previous page.');
}
