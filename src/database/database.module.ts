import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { ChangeFeed } from './change-feed.js';
import { ChangeLogRetention } from './change-log.retention.js';
import { ChangePoller } from './change.poller.js';
import { dataSourceOptions, type EntityClass } from './data-source.options.js';
import { LeaseService } from './lease.service.js';
import { NodeRegistry } from './node.registry.js';
import { runMigrations } from './run-migrations.js';
import { UnitOfWork } from './unit-of-work.js';
import { WorkerChangeChannel } from './worker-change.channel.js';

/** The connection to the database and the one way to write to it. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(entities: readonly EntityClass[]): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [CONFIGURATION],
          useFactory: async (configuration: Configuration) => ({
            ...(await dataSourceOptions(configuration.database, entities)),
            retryAttempts: 0,
          }),
          // The explicit step of the start: nothing is served before the tables are the ones this version knows.
          dataSourceFactory: async (options?: DataSourceOptions) => {
            if (options === undefined) throw new Error('The data source has no options.');
            const dataSource = await new DataSource(options).initialize();
            await runMigrations(dataSource);
            return dataSource;
          },
        }),
      ],
      providers: [
        Clock,
        ChangeFeed,
        UnitOfWork,
        ChangePoller,
        ChangeLogRetention,
        LeaseService,
        NodeRegistry,
        WorkerChangeChannel,
      ],
      exports: [Clock, ChangeFeed, UnitOfWork, ChangeLogRetention, LeaseService, NodeRegistry, TypeOrmModule],
    };
  }
}
