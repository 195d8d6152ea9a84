import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Clock } from '../common/time/clock.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { ChangeFeed } from './change-feed.js';
import { ChangePoller } from './change.poller.js';
import { dataSourceOptions, type EntityClass } from './data-source.options.js';
import { UnitOfWork } from './unit-of-work.js';

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
            // The explicit step of the start: nothing is served before the tables are the ones this version knows.
            migrationsRun: true,
            retryAttempts: 0,
          }),
        }),
      ],
      providers: [Clock, ChangeFeed, UnitOfWork, ChangePoller],
      exports: [Clock, ChangeFeed, UnitOfWork, TypeOrmModule],
    };
  }
}
