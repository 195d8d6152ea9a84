import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { ApplicationsModule } from '../applications/applications.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { OidcModule } from '../oidc/oidc.module.js';
import { BrowserSessionsModule } from './browser-sessions.module.js';
import { SessionController } from './session.controller.js';

/** Login and logout of the console (R99). */
@Module({
  imports: [AccessModule, ApplicationsModule, BrowserSessionsModule, DirectoryModule, OidcModule],
  controllers: [SessionController],
})
export class SessionsModule {}
