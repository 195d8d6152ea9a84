import { Module } from '@nestjs/common';
import { ProblemPagesController } from './problem-pages.controller.js';

/** Everything below `/docs` except Swagger UI. */
@Module({ controllers: [ProblemPagesController] })
export class DocumentationModule {}
