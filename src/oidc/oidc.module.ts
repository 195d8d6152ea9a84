import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { BrowserSessionsModule } from '../sessions/browser-sessions.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { IdentityProviderService } from './identity-provider.service.js';
import { LoginThrottle } from './login.throttle.js';
import { OidcLoginController } from './oidc-login.controller.js';
import { OidcLoginService } from './oidc-login.service.js';
import { UsedLogins } from './used-logins.js';

/** Login at the console through an identity provider (R96). */
@Module({
  imports: [AccessModule, BrowserSessionsModule, DirectoryModule, SettingsModule],
  controllers: [OidcLoginController],
  providers: [IdentityProviderService, LoginThrottle, OidcLoginService, UsedLogins],
  exports: [IdentityProviderService],
})
export class OidcModule {}
