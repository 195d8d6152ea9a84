import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { EndingTokenReader } from './ending-token.reader.js';
import { OwnerTokenReader } from './owner-token.reader.js';
import { MeController } from './me.controller.js';
import { OwnTokenController } from './own-token.controller.js';
import { Pepper } from './pepper.js';
import { SessionCache } from './session.cache.js';
import { SessionsService } from './sessions.service.js';
import { TokenAddressRecorder } from './token-address.recorder.js';
import { TokenCacheMetrics } from './token-cache.metrics.js';
import { TokenCache } from './token.cache.js';
import { TokenPurgeJob } from './token-purge.job.js';
import { TokenPurger } from './token.purger.js';
import { TokenRepository } from './token.repository.js';
import { TokenDescriptionService } from './token-description.service.js';
import { TokenDigestRecorder } from './token-digest.recorder.js';
import { TokenIssueService } from './token-issue.service.js';
import { TokenListService } from './token-list.service.js';
import { TokenOwnerNameService } from './token-owner-name.service.js';
import { TokenRevocationService } from './token-revocation.service.js';
import { TokenRotationService } from './token-rotation.service.js';
import { TokenStateReader } from './token-state.reader.js';
import { TokensController } from './tokens.controller.js';
import { TokenUseRecorder } from './token-use.recorder.js';
import { VisibleTokenReader } from './visible-token.reader.js';
import { VendorTokensController } from './vendor/vendor-tokens.controller.js';
import { VendorTokensService } from './vendor/vendor-tokens.service.js';

@Module({
  imports: [AuditModule, ApplicationsModule, DirectoryModule, PermissionsModule, SettingsModule],
  controllers: [OwnTokenController, TokensController, MeController, VendorTokensController],
  providers: [
    EndingTokenReader,
    OwnerTokenReader,
    Pepper,
    SessionCache,
    SessionsService,
    TokenAddressRecorder,
    TokenCache,
    TokenCacheMetrics,
    TokenPurgeJob,
    TokenPurger,
    TokenRepository,
    TokenDescriptionService,
    TokenDigestRecorder,
    TokenIssueService,
    TokenListService,
    TokenOwnerNameService,
    TokenRevocationService,
    TokenRotationService,
    TokenStateReader,
    TokenUseRecorder,
    VendorTokensService,
    VisibleTokenReader,
  ],
  exports: [
    EndingTokenReader,
    Pepper,
    SessionsService,
    TokenAddressRecorder,
    TokenCache,
    TokenPurger,
    TokenUseRecorder,
  ],
})
export class TokensModule {}
