import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Configuration } from './env.js';
import type { Secrets } from './secrets.js';

/** The injection token of the process's configuration. */
export const CONFIGURATION = Symbol('Configuration');

/** The injection token of the server's keys. */
export const SECRETS = Symbol('Secrets');

/** Hands the configuration that was read at the start to whoever asks for it. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(configuration: Configuration, secrets: Secrets): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: CONFIGURATION, useValue: configuration },
        { provide: SECRETS, useValue: secrets },
      ],
      exports: [CONFIGURATION, SECRETS],
    };
  }
}
