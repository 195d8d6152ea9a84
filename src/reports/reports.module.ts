import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { OwnNamesReader } from './own-names.reader.js';
import { RequestsController } from './requests.controller.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

@Module({
  imports: [AuditModule, DirectoryModule],
  controllers: [RequestsController, UsageController],
  providers: [OwnNamesReader, UsageService],
})
export class ReportsModule {}
