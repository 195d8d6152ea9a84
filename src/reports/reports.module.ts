import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { OwnNamesReader } from './own-names.reader.js';
import { RequestsController } from './requests.controller.js';

@Module({
  imports: [AuditModule, DirectoryModule],
  controllers: [RequestsController],
  providers: [OwnNamesReader],
})
export class ReportsModule {}
