import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(Number(process.env['PORT'] ?? '3001'), '127.0.0.1');
  console.log(`Listening on ${await app.getUrl()}`);
}

void start();
