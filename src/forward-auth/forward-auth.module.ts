import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { ApplicationsModule } from '../applications/applications.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { ForwardAuthService } from './forward-auth.service.js';

@Module({
  imports: [AccessModule, ApplicationsModule, IdentityModule],
  providers: [ForwardAuthService],
  exports: [ForwardAuthService],
})
export class ForwardAuthModule {}
