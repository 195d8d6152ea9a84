import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Configuration } from './env.js';
import type { Secrets } from './secrets.js';

export const CONFIGURATION = Symbol('Configuration');

export const SECRETS = Symbol('Secrets');

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
