import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { AssertionService } from './assertion.service.js';
import { KeySetController } from './key-set.controller.js';
import { SigningKeysService } from './signing-keys.service.js';
import { UpstreamIdentity } from './upstream-identity.js';

/** How the upstream gets the user of a request. */
@Module({
  imports: [ApplicationsModule, AuditModule, DirectoryModule],
  controllers: [KeySetController],
  providers: [AssertionService, SigningKeysService, UpstreamIdentity],
  exports: [UpstreamIdentity],
})
export class IdentityModule {}
