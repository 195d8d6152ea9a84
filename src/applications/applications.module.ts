import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { ApplicationsController } from './applications.controller.js';
import { ApplicationsService } from './applications.service.js';
import { IdentityBeliefs } from './identity-beliefs.js';
import { OwnListeners } from './own-listeners.js';
import { PresetsController } from './presets.controller.js';
import { VersionReader } from './version.reader.js';

@Module({
  imports: [AuditModule, DirectoryModule, SettingsModule],
  controllers: [ApplicationsController, PresetsController],
  providers: [ApplicationsService, VersionReader, OwnListeners, IdentityBeliefs],
  exports: [ApplicationsService, IdentityBeliefs, OwnListeners, VersionReader],
})
export class ApplicationsModule {}
