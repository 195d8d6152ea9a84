import { Module } from '@nestjs/common';
import { ProblemPagesController } from './problem-pages.controller.js';

/** What is below `/docs` besides Swagger UI, which `setUpSwagger` serves. */
@Module({ controllers: [ProblemPagesController] })
export class DocumentationModule {}
