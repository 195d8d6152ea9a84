import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ScopegateOptions } from './scopegate-options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<ScopegateOptions>({
  moduleName: 'Scopegate',
})
  .setClassMethodName('forRoot')
  .build();
