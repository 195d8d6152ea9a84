import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Allow } from '@scopegate/access';
import { isExpired } from '@scopegate/token';
import { AccessPolicySnapshot } from '../access/access-policy.js';
import { JudgementService } from '../access/judgement.service.js';
import type { ProtectedApplication } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Clock } from '../common/time/clock.js';
import { Turn } from '../common/time/turn.js';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';
import { UpstreamIdentity } from '../identity/upstream-identity.js';
import { NodeRegistry } from '../database/node.registry.js';
import { OpenRequests, type OpenRequest } from './open-requests.js';

/** Milliseconds. Another node learns of a change within half a second, and R116 allows one second in all. */
const INTERVAL_MS = 200;

/** What has changed since the last look. */
interface News {
  /** Rules that may concern every request. */
  isForAll: boolean;
  /** Ids of tokens and of users, and keys of applications: no two of them are the same. */
  readonly subjects: Set<string>;
}

/**
 * R116: ends answers and upgraded connections of a token that may no longer be used. It judges again after a change and
 * at an expiry, and not at each chunk. A request that still waits for its answer gets the beginning of it, since it may
 * have had its effect; an answer that then goes on ends at the next look.
 */
@Injectable()
export class OpenRequestsChecker implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(OpenRequestsChecker.name);
  readonly #refused = new WeakSet<OpenRequest>();
  #news = noNews();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(
    private readonly openRequests: OpenRequests,
    private readonly judgement: JudgementService,
    private readonly identity: UpstreamIdentity,
    private readonly applications: ApplicationsService,
    private readonly policy: AccessPolicySnapshot,
    private readonly changes: ChangeFeed,
    private readonly nodes: NodeRegistry,
    private readonly clock: Clock,
  ) {}

  /** After the modules: what they keep in memory is then renewed before these listeners are called. */
  onApplicationBootstrap(): void {
    for (const topic of ['token', 'directory', 'applications', 'deposit'] as const) {
      this.changes.subscribe(topic, (subjects) => this.#note(subjects));
    }
    for (const topic of ['settings', 'permissions', 'group', 'session'] as const) {
      this.changes.subscribe(topic, () => this.#note('all'));
    }
    this.#timer = setInterval(() => void this.#look(), INTERVAL_MS);
    this.#timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  #note(subjects: Subjects): void {
    if (subjects === 'all') this.#news.isForAll = true;
    else for (const subject of subjects) this.#news.subjects.add(subject);
  }

  async #look(): Promise<void> {
    // Rules that are too old prove nothing. What has changed is looked at once they are known again.
    if (this.#isLooking || this.nodes.isStale) return;
    this.#isLooking = true;
    const news = this.#news;
    this.#news = noNews();
    const turn = new Turn(true);
    let failure: string | null = null;
    for (const open of this.openRequests.forwarded) {
      try {
        if (await this.#isRefused(open, news)) this.#end(open);
      } catch (error) {
        failure = String(error);
      }
      if (turn.isDue) await turn.yield();
    }
    this.#isLooking = false;
    if (failure === null) return;
    this.#logger.warn(`An open request could not be judged again, which is repeated: ${failure}`);
    this.#note(news.isForAll ? 'all' : news.subjects);
  }

  #end(open: OpenRequest): void {
    if (open.isAnswering) open.cut('revocation');
    else this.#refused.add(open);
  }

  async #isRefused(open: OpenRequest, news: News): Promise<boolean> {
    if (this.#refused.has(open)) return true;
    const { exchange } = open;
    const { decision } = exchange;
    if (decision?.kind !== 'allow' || !this.#isConcerned(decision, open.application, news)) return false;
    const application = this.applications.byKey(open.application.key);
    if (application === null) return open.application.options.closeOnRevocation;
    if (!application.options.closeOnRevocation) return false;
    if (application.fault !== null || !leadsToSame(open.application, application)) return true;
    const judged = await this.judgement.judgeOpen(exchange, application.rules);
    if (judged.kind === 'deny') return true;
    return !(await this.identity.isStillSent(application, decision.authenticated.principal.id, open.credential));
  }

  #isConcerned({ authenticated }: Allow, { key }: ProtectedApplication, { isForAll, subjects }: News): boolean {
    const { token, principal } = authenticated;
    if (token === null) return false;
    return (
      isForAll ||
      subjects.has(token.id) ||
      subjects.has(principal.id) ||
      subjects.has(key) ||
      isExpired(token, this.policy.current().validity, this.clock.nowMs())
    );
  }
}

function noNews(): News {
  return { isForAll: false, subjects: new Set() };
}

/** False after a change of the address or of the identity. */
function leadsToSame(before: ProtectedApplication, now: ProtectedApplication): boolean {
  return before.version === now.version || routeText(before) === routeText(now);
}

function routeText({ pathPrefix, target, options, identity }: ProtectedApplication): string {
  return JSON.stringify([pathPrefix, target, options.tls, identity.encoding, identity.templates, identity.source]);
}
