import { applyDecorators } from '@nestjs/common';
import { Transform, Type } from 'class-transformer';
import { IsObject, ValidateNested } from 'class-validator';

interface Transformed {
  readonly obj: Readonly<Record<string, unknown>>;
  readonly key: string;
  readonly value: unknown;
}

/**
 * Never null or a list. class-validator would first check every element of a list (R112), so a list becomes an empty
 * one.
 */
export const NestedObject = (type: () => new () => object): PropertyDecorator =>
  applyDecorators(
    IsObject(),
    ValidateNested(),
    Type(type),
    Transform(({ obj, key, value }: Transformed) => (Array.isArray(obj[key]) ? [] : value)),
  );
