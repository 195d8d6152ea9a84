import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AccessModule } from './access/access.module.js';
import { LoggingModule } from './common/logging/logging.module.js';
import { StopModule } from './common/stop/stop.module.js';
import { DocumentationModule } from './common/swagger/documentation.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Configuration } from './config/env.js';
import { DatabaseModule } from './database/database.module.js';
import { RedisModule } from './database/redis.module.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import type { OpenedDatabase } from './opened-database.js';
import type { WorkerLink } from './workers/worker.link.js';
import { WorkersModule } from './workers/workers.module.js';

/** The whole server. */
@Module({})
export class AppModule {
  /** @param link of a worker to the primary process; null where there is one process */
  static forRoot(
    configuration: Configuration,
    { dataSource, secrets }: OpenedDatabase,
    link: WorkerLink | null,
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(configuration, secrets),
        WorkersModule.forRoot(link),
        DatabaseModule.forRoot(dataSource),
        RedisModule,
        StopModule,
        ScheduleModule.forRoot(),
        LoggingModule,
        MetricsModule,
        AccessModule,
        GatewayModule,
        HealthModule,
        DocumentationModule,
      ],
    };
  }
}
