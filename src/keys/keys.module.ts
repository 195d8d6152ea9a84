import { Global, Module, type DynamicModule } from '@nestjs/common';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { KEY_USES_PROVIDER, type KeyUses } from './key-uses.js';
import { KeysController } from './keys.controller.js';
import { KeysService } from './keys.service.js';
import { ResealJob } from './reseal.job.js';
import { SecretBox } from './secret-box.js';

/** The keys of the configuration, and the encryption of stored secrets. */
@Global()
@Module({})
export class KeysModule {
  static forRoot(uses: KeyUses): DynamicModule {
    return {
      module: KeysModule,
      controllers: [KeysController],
      providers: [
        {
          provide: SecretBox,
          inject: [SECRETS],
          useFactory: ({ encryptionKey }: Secrets) => new SecretBox(encryptionKey),
        },
        { provide: KEY_USES_PROVIDER, useValue: uses },
        KeysService,
        ResealJob,
      ],
      exports: [SecretBox],
    };
  }
}
