import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

/** What a list may hold. */
export interface ListBounds {
  readonly maxItems: number;
  /** 0 where it is left out. */
  readonly minItems?: number;
  /** Whether an item may stand there once only. */
  readonly isUnique?: boolean;
  /** What is wrong with an item ("must be a text"), or null. Left out: the items are checked elsewhere. */
  readonly item?: (value: unknown) => string | null;
}

/**
 * A list whose size is looked at before anything in it (R112). The checks of class-validator for lists run all of them,
 * whatever the first one said, and the one for unique items compares every item with every other.
 * @param items the schema of an item, for the documentation
 */
export function BoundedList(bounds: ListBounds, items: object = {}): PropertyDecorator {
  const { maxItems, minItems, isUnique } = bounds;
  return applyDecorators(
    ApiProperty({
      type: 'array',
      items,
      maxItems,
      ...(minItems === undefined ? {} : { minItems }),
      ...(isUnique === undefined ? {} : { uniqueItems: isUnique }),
    }),
    ValidateBy({
      name: 'boundedList',
      validator: {
        validate: (value: unknown) => listProblem(value, bounds) === null,
        defaultMessage: (context) => `$property${listProblem(context?.value, bounds) ?? ''}`,
      },
    }),
  );
}

/** A list of texts. @param maxLength the most characters of each */
export function TextList({
  maxLength,
  ...bounds
}: Omit<ListBounds, 'item'> & { maxLength: number }): PropertyDecorator {
  return BoundedList({ ...bounds, item: (value) => textProblem(value, maxLength) }, { type: 'string', maxLength });
}

/** What is wrong with a value that is to be a text of so many characters at the most, or null. */
export function textProblem(value: unknown, maxLength: number): string | null {
  if (typeof value !== 'string') return 'must be a text';
  return value.length > maxLength ? `must have at most ${maxLength} characters` : null;
}

/** What is wrong with a list, to be said behind its name; null where nothing is. */
export function listProblem(value: unknown, { maxItems, minItems = 0, isUnique, item }: ListBounds): string | null {
  if (!Array.isArray(value)) return ' must be a list';
  if (value.length > maxItems) return ` must have at most ${maxItems} items`;
  if (value.length < minItems) return ` must have at least ${minItems} item${minItems === 1 ? '' : 's'}`;
  const seen = new Set<unknown>();
  for (const [index, element] of value.entries()) {
    const problem = item?.(element) ?? null;
    if (problem !== null) return `.${index} ${problem}`;
    if (isUnique === true && seen.has(element)) return `.${index} is given twice`;
    seen.add(element);
  }
  return null;
}
