import { Injectable, Logger } from '@nestjs/common';
import { AuditShipper } from '../audit/audit-shipper.js';
import { inTime } from '../common/time/in-time.js';
import { ClockWatch } from '../database/clock-watch.js';
import { DatabaseProbe } from '../database/database-probe.js';
import { NodeRegistry } from '../database/node.registry.js';
import { schemaState, type SchemaState } from '../database/run-migrations.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { HealthWarningDto } from './dto/health.dto.js';

/** `unknown` if another check that fails prevents it. */
export type CheckResult = 'ok' | 'failing' | 'unknown';

/** Everything that must be in order before requests are sent here. */
export interface ReadinessChecks {
  /** Accepts writes, and the rules are not out of date. */
  readonly database: CheckResult;
  readonly journal: CheckResult;
  /** Those of this version: not older, and not changed by a newer version since the start. */
  readonly migrations: CheckResult;
}

const DATABASE_TIMEOUT_MS = 2_000;

/** The route needs no credential, so not every request may query the database. */
const KEPT_MS = 500;

@Injectable()
export class Readiness {
  readonly #logger = new Logger(Readiness.name);
  #last: { readonly atTick: number; readonly checks: Promise<ReadinessChecks> } | null = null;
  #failing = '';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly shipper: AuditShipper,
    private readonly probe: DatabaseProbe,
    private readonly nodes: NodeRegistry,
    private readonly clock: ClockWatch,
  ) {}

  /** Problems for an operator; requests are still answered. */
  get warnings(): readonly HealthWarningDto[] {
    const warnings = [
      { code: 'clock_off' as const, message: this.clock.warning },
      { code: 'not_the_only_node' as const, message: this.nodes.warning },
    ];
    return warnings.flatMap(({ code, message }) => (message === null ? [] : [{ code, message }]));
  }

  /** The state of at most half a second ago. Never rejects. */
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
    let reason = '';
    try {
      const schema = await inTime(
        this.#askDatabase(),
        DATABASE_TIMEOUT_MS,
        () => new Error('The database takes too long.'),
      );
      checks = { database: 'ok', journal, migrations: isOwn(schema) ? 'ok' : 'failing' };
    } catch (error) {
      checks = { database: 'failing', journal, migrations: 'unknown' };
      reason = ` ${error instanceof Error ? error.message : String(error)}`;
    }
    this.#logChange(checks, reason);
    return checks;
  }

  async #askDatabase(): Promise<SchemaState> {
    const schema = await this.unitOfWork.read((manager) => schemaState(manager), { lane: 'changes' });
    // Otherwise `migrations` reports the problem.
    if (isOwn(schema)) await this.probe.check();
    if (this.nodes.isStale) throw new Error('The change log could not be read in time.');
    return schema;
  }

  #logChange(checks: ReadinessChecks, reason: string): void {
    const failing = Object.entries(checks)
      .filter(([, result]) => result === 'failing')
      .map(([name]) => name)
      .join(', ');
    if (failing === this.#failing) return;
    this.#failing = failing;
    if (failing === '') this.#logger.log('Ready again.');
    else this.#logger.warn(`Not ready. Failing: ${failing}.${reason}`);
  }
}

/** This version may judge wrongly what a newer version has added (R83). */
function isOwn({ missing, unknown }: SchemaState): boolean {
  return missing.length === 0 && unknown.length === 0;
}
