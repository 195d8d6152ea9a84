import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ClaimedGroupsService } from './claimed-groups.service.js';
import { DeletionsService } from './deletions.service.js';
import { DirectoryRepository } from './directory.repository.js';
import { DirectoryService } from './directory.service.js';
import { FirstAdministrator } from './first-administrator.js';
import { GroupsController } from './groups.controller.js';
import { GroupsService } from './groups.service.js';
import { DirectoriesController } from './ldap/directories.controller.js';
import { DirectoriesService } from './ldap/directories.service.js';
import { DirectoryChecker } from './ldap/directory.checker.js';
import { DirectoryMetrics } from './ldap/directory.metrics.js';
import { DirectoryLogins } from './ldap/directory-login.service.js';
import { DirectorySyncJob } from './ldap/directory-sync.job.js';
import { DirectorySyncService } from './ldap/directory-sync.service.js';
import { DirectorySyncWriter } from './ldap/directory-sync.writer.js';
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
  controllers: [DirectoriesController, UsersController, GroupsController],
  providers: [
    ClaimedGroupsService,
    DeletionsService,
    DirectoriesService,
    DirectoryChecker,
    DirectoryLogins,
    DirectoryMetrics,
    DirectorySyncJob,
    DirectorySyncService,
    DirectorySyncWriter,
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
  exports: [ClaimedGroupsService, DeletionsService, DirectoryService, UsersService],
})
export class DirectoryModule {}
