import { applyDecorators } from '@nestjs/common';
import { Transform, Type } from 'class-transformer';
import { IsObject, ValidateNested } from 'class-validator';

/** What a decorated member was sent as, and what class-transformer has made of it. */
interface Transformed {
  readonly obj: Readonly<Record<string, unknown>>;
  readonly key: string;
  readonly value: unknown;
}

/**
 * A member that is an object of its own, never null and never a list. class-validator would check every element of a list
 * as such an object before it says so (R112): a list is refused as an empty one.
 */
export const NestedObject = (type: () => new () => object): PropertyDecorator =>
  applyDecorators(
    IsObject(),
    ValidateNested(),
    Type(type),
    Transform(({ obj, key, value }: Transformed) => (Array.isArray(obj[key]) ? [] : value)),
  );
