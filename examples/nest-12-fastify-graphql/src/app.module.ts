import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { ScopegateGuard, ScopegateModule } from '@scopegate/nest';
import { IssuesController } from './issues.controller.js';
import { NotesResolver } from './notes.resolver.js';

@Module({
  imports: [
    ScopegateModule.forRoot({
      url: process.env['SCOPEGATE_URL'] ?? '',
      credential: process.env['SCOPEGATE_CREDENTIAL'] ?? '',
      ...(process.env['SCOPEGATE_APPLICATION'] ? { application: process.env['SCOPEGATE_APPLICATION'] } : {}),
      cache: { ttlMs: Number(process.env['SCOPEGATE_TTL_MS'] ?? '2000') },
    }),
    // The guard finds the request in `req`.
    GraphQLModule.forRoot<MercuriusDriverConfig>({
      driver: MercuriusDriver,
      autoSchemaFile: true,
      context: (req: object) => ({ req }),
    }),
  ],
  controllers: [IssuesController],
  // The guard of every route: one without a decorator is judged, too.
  providers: [NotesResolver, { provide: APP_GUARD, useExisting: ScopegateGuard }],
})
export class AppModule {}
