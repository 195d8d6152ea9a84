import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { GatewayService } from './gateway.service.js';
import { KeptCookies } from './kept-cookies.cache.js';
import { LoginQuestion } from './login.question.js';
import { LoopDetector } from './loop.detector.js';
import { OpenRequestsChecker } from './open-requests.checker.js';
import { OpenRequests } from './open-requests.js';
import { SessionEndpoint } from './session.endpoint.js';
import { UpstreamFailureLog } from './upstream-failure.log.js';
import { UpstreamForwarder } from './upstream.forwarder.js';
import { UpstreamMetrics } from './upstream.metrics.js';
import { UpstreamPools } from './upstream.pools.js';

@Module({
  imports: [AccessModule, ApplicationsModule, AuditModule, IdentityModule, TokensModule],
  providers: [
    GatewayService,
    KeptCookies,
    LoginQuestion,
    LoopDetector,
    OpenRequests,
    OpenRequestsChecker,
    SessionEndpoint,
    UpstreamFailureLog,
    UpstreamForwarder,
    UpstreamMetrics,
    UpstreamPools,
  ],
  exports: [GatewayService, LoopDetector],
})
export class GatewayModule {}
