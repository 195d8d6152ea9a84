import { Injectable, Logger } from '@nestjs/common';
import { AuditShipper } from '../audit/audit.shipper.js';
import { schemaState, type SchemaState } from '../database/run-migrations.js';
import { UnitOfWork } from '../database/unit-of-work.js';

/** What became of one check; `unknown` where another one that fails stands in its way. */
export type CheckResult = 'ok' | 'failing' | 'unknown';

/** Everything that has to be in order before requests are sent here. */
export interface ReadinessChecks {
  /** The database answers. */
  readonly database: CheckResult;
  /** The journal of audit events can be written and has room. */
  readonly journal: CheckResult;
  /** The tables are the ones this version knows: no older ones, and no newer ones that another node has made since. */
  readonly migrations: CheckResult;
}

/** A database that takes longer than this is none to send requests to. */
const DATABASE_TIMEOUT_MS = 2_000;

/** Anybody may ask, so the database is asked once in a while only. */
const KEPT_MS = 500;

/** Looks at what requests depend on. */
@Injectable()
export class Readiness {
  readonly #logger = new Logger(Readiness.name);
  #last: { readonly atTick: number; readonly checks: Promise<ReadinessChecks> } | null = null;
  #failing = '';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly shipper: AuditShipper,
  ) {}

  /** The state of half a second ago at the most. Never rejects. */
  check(): Promise<ReadinessChecks> {
    const nowTick = performance.now();
    if (this.#last === null || nowTick - this.#last.atTick > KEPT_MS) {
      this.#last = { atTick: nowTick, checks: this.#checkNow() };
    }
    return this.#last.checks;
  }

  async #checkNow(): Promise<ReadinessChecks> {
    const journal = this.shipper.hasRoom ? 'ok' : 'failing';
    let checks: ReadinessChecks;
    try {
      const schema = await withTimeout(this.unitOfWork.read((manager) => schemaState(manager)));
      checks = { database: 'ok', journal, migrations: isOwn(schema) ? 'ok' : 'failing' };
    } catch {
      checks = { database: 'failing', journal, migrations: 'unknown' };
    }
    this.#tell(checks);
    return checks;
  }

  /** The log has each change once, however often it is asked for. */
  #tell(checks: ReadinessChecks): void {
    const failing = Object.entries(checks)
      .filter(([, result]) => result === 'failing')
      .map(([name]) => name)
      .join(', ');
    if (failing === this.#failing) return;
    this.#failing = failing;
    if (failing === '') this.#logger.log('Ready again.');
    else this.#logger.warn(`Not ready. Failing: ${failing}.`);
  }
}

/** Whether the tables are those of this version. What a newer one has added, this one may judge wrongly (R83). */
function isOwn({ missing, unknown }: SchemaState): boolean {
  return missing.length === 0 && unknown.length === 0;
}

async function withTimeout<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('The database takes too long.')), DATABASE_TIMEOUT_MS);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
