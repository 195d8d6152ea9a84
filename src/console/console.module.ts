import { Module } from '@nestjs/common';
import { ConsoleController } from './console.controller.js';

/** The browser application at `/console` (R100 to R105). */
@Module({ controllers: [ConsoleController] })
export class ConsoleModule {}
