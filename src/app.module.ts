import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AccessModule } from './access/access.module.js';
import { LoggingModule } from './common/logging/logging.module.js';
import { StopModule } from './common/stop/stop.module.js';
import { DocumentationModule } from './common/swagger/documentation.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Configuration } from './config/env.js';
import { ConsoleModule } from './console/console.module.js';
import { DatabaseModule } from './database/database.module.js';
import { ForwardAuthModule } from './forward-auth/forward-auth.module.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthModule } from './health/health.module.js';
import { IntrospectionModule } from './introspection/introspection.module.js';
import { KEY_USES } from './key-uses.js';
import { KeysModule } from './keys/keys.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OidcModule } from './oidc/oidc.module.js';
import type { OpenedDatabase } from './opened-database.js';
import { ReportsModule } from './reports/reports.module.js';
import type { PeerLink } from './peers/peer.link.js';
import { PeersModule } from './peers/peers.module.js';
import { RemindersModule } from './reminders/reminders.module.js';
import { SessionsModule } from './sessions/sessions.module.js';

@Module({})
export class AppModule {
  static forRoot(
    configuration: Configuration,
    { dataSource, secrets }: OpenedDatabase,
    peers: PeerLink,
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(configuration, secrets),
        PeersModule.forRoot(peers),
        DatabaseModule.forRoot(dataSource),
        KeysModule.forRoot(KEY_USES),
        StopModule,
        ScheduleModule.forRoot(),
        LoggingModule,
        MetricsModule,
        AccessModule,
        GatewayModule,
        ForwardAuthModule,
        IntrospectionModule,
        RemindersModule,
        OidcModule,
        HealthModule,
        ReportsModule,
        SessionsModule,
        DocumentationModule,
        ConsoleModule,
      ],
    };
  }
}
