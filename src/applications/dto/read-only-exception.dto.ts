import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { listProblem } from '../../common/validation/bounded-list.decorator.js';
import { MAX_EXCEPTIONS } from '../read-only-exceptions.js';

/** A call that counts as a read although its method is not a reading one. */
export class ReadOnlyExceptionDto {
  /** @example POST */
  method!: string;

  /**
   * The canonical path below the mount, without the query. `*` stands for one whole segment, or for the rest of
   * one; `**` stands for one or more segments and is allowed only at the end.
   * @example /rest/api/2/search
   */
  path!: string;
}

/** `proposed`, or a list of names of proposals and of calls. */
export const ExceptionList = (): PropertyDecorator =>
  applyDecorators(
    ApiExtraModels(ReadOnlyExceptionDto),
    ApiProperty({
      required: false,
      oneOf: [
        { type: 'string', enum: ['proposed'] },
        {
          type: 'array',
          maxItems: MAX_EXCEPTIONS,
          items: { oneOf: [{ $ref: getSchemaPath(ReadOnlyExceptionDto) }, { type: 'string', maxLength: 64 }] },
        },
      ],
      example: [{ method: 'POST', path: '/rest/api/2/search' }],
    }),
    ValidateBy({
      name: 'exceptionList',
      validator: {
        validate: (value: unknown) => exceptionsProblem(value) === null,
        defaultMessage: (context) => `$property${exceptionsProblem(context?.value) ?? ''}`,
      },
    }),
  );

function exceptionsProblem(value: unknown): string | null {
  if (typeof value === 'string') return value === 'proposed' ? null : ' must be "proposed" or a list';
  return listProblem(value, { maxItems: MAX_EXCEPTIONS });
}
