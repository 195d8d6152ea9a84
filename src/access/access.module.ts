import { Module, type OnModuleInit } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { BrowserSessionsModule } from '../sessions/browser-sessions.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AccessPolicySnapshot } from './access-policy.js';
import { DecisionMetrics } from './decision.metrics.js';
import { DecisionRecorder } from './decision.recorder.js';
import { ExplainController } from './explain.controller.js';
import { ExplainService } from './explain.service.js';
import { FailureThrottle } from './failure.throttle.js';
import { AccessGuard } from './guards/access.guard.js';
import { BodyGuard } from './guards/body.guard.js';
import { QueryGuard } from './guards/query.guard.js';
import { JudgementService } from './judgement.service.js';
import { OwnPasswordController } from './own-password.controller.js';
import { RefusalAnswer } from './refusal.answer.js';
import { routesWithoutAccess } from './route-metadata.js';

/** The same judgement for management and proxied routes. */
@Module({
  imports: [
    ApplicationsModule,
    AuditModule,
    BrowserSessionsModule,
    DirectoryModule,
    DiscoveryModule,
    IdentityModule,
    PermissionsModule,
    SettingsModule,
    TokensModule,
  ],
  controllers: [ExplainController, OwnPasswordController],
  providers: [
    AccessPolicySnapshot,
    DecisionMetrics,
    DecisionRecorder,
    ExplainService,
    FailureThrottle,
    JudgementService,
    RefusalAnswer,
    AccessGuard,
    QueryGuard,
    BodyGuard,
    // This order matters: the caller, then the query, the body last (R112).
    ...[AccessGuard, QueryGuard, BodyGuard].map((guard) => ({
      provide: APP_GUARD,
      useExisting: guard,
    })),
  ],
  exports: [AccessPolicySnapshot, DecisionRecorder, JudgementService, RefusalAnswer],
})
export class AccessModule implements OnModuleInit {
  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error if a route does not declare its access: the server does not start */
  onModuleInit(): void {
    const routes = this.discovery
      .getControllers()
      .flatMap(({ metatype }) => (typeof metatype === 'function' ? routesWithoutAccess(metatype) : []));
    if (routes.length > 0) throw new Error(`These routes declare no access: ${routes.join(', ')}`);
  }
}
