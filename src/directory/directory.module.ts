import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DeletionsService } from './deletions.service.js';
import { DirectoryRepository } from './directory.repository.js';
import { DirectoryService } from './directory.service.js';
import { FirstAdministrator } from './first-administrator.js';
import { GroupsController } from './groups.controller.js';
import { GroupsService } from './groups.service.js';
import { OwnPasswordController } from './own-password.controller.js';
import { PasswordHasher } from './password.hasher.js';
import { PasswordMetrics } from './password.metrics.js';
import { UserCache } from './user.cache.js';
import { UserImportService } from './user-import.service.js';
import { UserRenamingService } from './user-renaming.service.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';
import { UserWriter } from './user.writer.js';

@Module({
  imports: [AuditModule],
  controllers: [UsersController, GroupsController, OwnPasswordController],
  providers: [
    DeletionsService,
    DirectoryRepository,
    DirectoryService,
    FirstAdministrator,
    GroupsService,
    PasswordHasher,
    PasswordMetrics,
    UserCache,
    UserImportService,
    UserRenamingService,
    UsersService,
    UserWriter,
  ],
  exports: [DeletionsService, DirectoryService],
})
export class DirectoryModule {}
