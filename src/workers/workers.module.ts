import { Global, Module, type DynamicModule } from '@nestjs/common';
import { WORKER_LINK, type WorkerLink } from './worker.link.js';

/** Hands the link to the primary process to whoever works together with the other workers. */
@Global()
@Module({})
export class WorkersModule {
  static forRoot(link: WorkerLink | null): DynamicModule {
    return {
      module: WorkersModule,
      providers: [{ provide: WORKER_LINK, useValue: link }],
      exports: [WORKER_LINK],
    };
  }
}
