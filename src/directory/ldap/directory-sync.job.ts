import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { ProblemException } from '../../common/http/problem.exception.js';
import { StopState } from '../../common/stop/stop-state.js';
import { Clock } from '../../common/time/clock.js';
import { DirectoriesService } from './directories.service.js';
import { DirectorySyncService } from './directory-sync.service.js';
import type { StoredDirectory } from './stored-directory.js';

const INTERVAL_MS = 15_000;

/** Every `syncMinutes`, by the node that holds the lease. The first time comes `syncMinutes` after the directory was made. */
@Injectable()
export class DirectorySyncJob implements OnModuleDestroy {
  readonly #logger = new Logger(DirectorySyncJob.name);
  #run: Promise<void> | null = null;
  #isStopping = false;

  constructor(
    private readonly directories: DirectoriesService,
    private readonly syncs: DirectorySyncService,
    private readonly clock: Clock,
    private readonly stopState: StopState,
  ) {}

  @Interval(INTERVAL_MS)
  synchroniseDue(): void {
    if (this.#run !== null || this.#mustStop) return;
    this.#run = this.#synchroniseAll().finally(() => {
      this.#run = null;
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#isStopping = true;
    await this.#run;
  }

  get #mustStop(): boolean {
    return this.#isStopping || this.stopState.isStopping;
  }

  async #synchroniseAll(): Promise<void> {
    for (const directory of this.directories.all()) {
      if (this.#mustStop) return;
      if (!this.#isDue(directory)) continue;
      try {
        await this.syncs.synchronise(directory.key, (now) => this.#isDue(now));
      } catch (error) {
        // What a directory does is logged where it is noticed, once for each change.
        if (!(error instanceof ProblemException)) {
          this.#logger.warn(`The directory ${directory.key} could not be synchronised: ${String(error)}`);
        }
      }
    }
  }

  #isDue({ document, status, createdAtMs }: StoredDirectory): boolean {
    const lastMs = status.lastSyncAtMs ?? createdAtMs;
    return document.enabled && this.clock.nowMs() - lastMs >= document.syncMinutes * 60_000;
  }
}
