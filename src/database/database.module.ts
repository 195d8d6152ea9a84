import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { ChangeAcknowledgement } from './change-acknowledgement.js';
import { ChangeFeed } from './change-feed.js';
import { ChangeLogRetention } from './change-log.retention.js';
import { ChangePoller } from './change-poller.js';
import { ClockWatch } from './clock-watch.js';
import { DatabaseClock } from './database-clock.js';
import { DatabaseProbe } from './database-probe.js';
import { IdempotentAnswers } from './idempotent-answers.js';
import { LeaseService } from './lease.service.js';
import { NodeRegistry } from './node.registry.js';
import { UnitOfWork } from './unit-of-work.js';

@Global()
@Module({})
export class DatabaseModule {
  /** @param dataSource connected, with the tables of this version */
  static forRoot(dataSource: DataSource): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          // It was connected and migrated before anything else was made.
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
      ],
      providers: [
        Clock,
        ChangeAcknowledgement,
        ChangeFeed,
        UnitOfWork,
        {
          provide: ChangePoller,
          inject: [UnitOfWork, ChangeFeed, NodeRegistry],
          // Before any module reads what it keeps in memory: what changes from then on is read again.
          useFactory: (unitOfWork: UnitOfWork, changes: ChangeFeed, nodes: NodeRegistry) =>
            ChangePoller.atEnd(unitOfWork, changes, nodes),
        },
        ChangeLogRetention,
        IdempotentAnswers,
        LeaseService,
        ClockWatch,
        DatabaseClock,
        DatabaseProbe,
        NodeRegistry,
      ],
      exports: [
        ChangeAcknowledgement,
        DatabaseClock,
        DatabaseProbe,
        Clock,
        ChangeFeed,
        UnitOfWork,
        ChangeLogRetention,
        LeaseService,
        ClockWatch,
        IdempotentAnswers,
        NodeRegistry,
        TypeOrmModule,
      ],
    };
  }
}
