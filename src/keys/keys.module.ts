import { Global, Module } from '@nestjs/common';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { SecretBox } from './secret-box.js';

/** The encryption of stored secrets. */
@Global()
@Module({
  providers: [
    {
      provide: SecretBox,
      inject: [SECRETS],
      useFactory: ({ encryptionKey }: Secrets) => new SecretBox([{ id: 1, key: encryptionKey }]),
    },
  ],
  exports: [SecretBox],
})
export class KeysModule {}
