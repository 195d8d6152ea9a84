import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { ApplicationCheckController } from './application-check.controller.js';
import { ApplicationChecker } from './application.checker.js';
import { ApplicationDepositsController } from './application-deposits.controller.js';
import { AssertionService } from './assertion.service.js';
import { DepositCache } from './deposit.cache.js';
import { DepositRepository } from './deposit.repository.js';
import { DepositThrottle } from './deposit.throttle.js';
import { DepositsService } from './deposits.service.js';
import { KeySetController } from './key-set.controller.js';
import { OwnApplicationsController } from './own-applications.controller.js';
import { OwnDepositsController } from './own-deposits.controller.js';
import { SigningKeysService } from './signing-keys.service.js';
import { UpstreamIdentity } from './upstream-identity.js';

/** How the upstream gets the user of a request. */
@Module({
  imports: [ApplicationsModule, AuditModule, DirectoryModule, SettingsModule],
  controllers: [
    ApplicationCheckController,
    ApplicationDepositsController,
    KeySetController,
    OwnApplicationsController,
    OwnDepositsController,
  ],
  providers: [
    ApplicationChecker,
    AssertionService,
    DepositCache,
    DepositRepository,
    DepositsService,
    DepositThrottle,
    SigningKeysService,
    UpstreamIdentity,
  ],
  exports: [UpstreamIdentity],
})
export class IdentityModule {}
