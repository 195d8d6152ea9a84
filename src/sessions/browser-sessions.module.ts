import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { BrowserSessionCache } from './browser-session.cache.js';
import { BrowserSessionPurgeJob } from './browser-session-purge.job.js';
import { BrowserSessionsService } from './browser-sessions.service.js';

/** The judgement stands on this; what opens and shows sessions stands on the judgement: see `SessionsModule`. */
@Module({
  imports: [AuditModule, DirectoryModule, TokensModule],
  providers: [BrowserSessionCache, BrowserSessionPurgeJob, BrowserSessionsService],
  exports: [BrowserSessionsService],
})
export class BrowserSessionsModule {}
