import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { MeController } from './me.controller.js';
import { Pepper } from './pepper.js';
import { SessionCache } from './session.cache.js';
import { SessionsService } from './sessions.service.js';
import { TokenCacheMetrics } from './token-cache.metrics.js';
import { TokenCache } from './token.cache.js';
import { TokenPurgeJob } from './token-purge.job.js';
import { TokenPurger } from './token.purger.js';
import { TokenRepository } from './token.repository.js';
import { TokenRevoker } from './token.revoker.js';
import { TokensController } from './tokens.controller.js';
import { TokensService } from './tokens.service.js';
import { TokenUseRecorder } from './token-use.recorder.js';
import { VendorTokensController } from './vendor/vendor-tokens.controller.js';
import { VendorTokensService } from './vendor/vendor-tokens.service.js';

@Module({
  imports: [AuditModule, ApplicationsModule, DirectoryModule, PermissionsModule, SettingsModule],
  controllers: [TokensController, MeController, VendorTokensController],
  providers: [
    Pepper,
    SessionCache,
    SessionsService,
    TokenCache,
    TokenCacheMetrics,
    TokenPurgeJob,
    TokenPurger,
    TokenRepository,
    TokenRevoker,
    TokensService,
    TokenUseRecorder,
    VendorTokensService,
  ],
  exports: [SessionsService, TokenCache, TokensService, TokenUseRecorder],
})
export class TokensModule {}
