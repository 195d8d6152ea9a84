import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ScopegateGuard, ScopegateModule } from '@scopegate/nest';
import { ChatGateway } from './chat.gateway.js';
import { IssuesController } from './issues.controller.js';

@Module({
  imports: [
    ScopegateModule.forRootAsync({
      useFactory: () => ({
        url: process.env['SCOPEGATE_URL'] ?? '',
        credential: process.env['SCOPEGATE_CREDENTIAL'] ?? '',
        ...(process.env['SCOPEGATE_APPLICATION'] ? { application: process.env['SCOPEGATE_APPLICATION'] } : {}),
        cache: { ttlMs: Number(process.env['SCOPEGATE_TTL_MS'] ?? '2000') },
      }),
    }),
  ],
  controllers: [IssuesController],
  // The guard of every route: one without a decorator is judged, too.
  providers: [ChatGateway, { provide: APP_GUARD, useExisting: ScopegateGuard }],
})
export class AppModule {}
