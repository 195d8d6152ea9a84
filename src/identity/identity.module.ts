import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { UpstreamIdentity } from './upstream-identity.js';

/** How the upstream gets the user of a request. */
@Module({
  imports: [ApplicationsModule, AuditModule, DirectoryModule],
  providers: [UpstreamIdentity],
  exports: [UpstreamIdentity],
})
export class IdentityModule {}
