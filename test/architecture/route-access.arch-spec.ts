import 'reflect-metadata';
import { Controller, Get } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { routesWithoutAccess } from '../../src/access/route-metadata.js';
import { Access } from '../../src/common/access/route.decorators.js';
import { sourceFiles } from './source-tree.js';

type ControllerClass = new () => object;

const controllers = (
  await Promise.all(
    sourceFiles('src', (name) => name.endsWith('.controller.ts')).map(
      async ({ path }) => Object.values((await import(`../../${path}`)) as object) as unknown[],
    ),
  )
)
  .flat()
  .filter((value): value is ControllerClass => typeof value === 'function' && value.name.endsWith('Controller'));

describe('the routes of the management API', () => {
  it('R63: all declare who may call them', () => {
    expect(controllers.length).toBeGreaterThan(12);
    expect(controllers.flatMap(routesWithoutAccess)).toEqual([]);
  });

  it('R63: a route that does not is found, so that the server does not start', () => {
    @Controller('forgotten')
    class ForgottenController {
      @Get()
      read(): void {}

      @Get('public')
      @Access('public')
      readPublic(): void {}
    }
    expect(routesWithoutAccess(ForgottenController)).toEqual(['ForgottenController.read']);
  });
});
