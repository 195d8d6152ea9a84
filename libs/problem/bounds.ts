import type { FieldError } from './problem.js';

/** The most errors in one answer (R112). */
export const MAX_ERRORS = 50;

/** Characters. These texts contain names and values from the client. */
const MAX_FIELD_LENGTH = 128;
const MAX_MESSAGE_LENGTH = 400;
const MAX_DETAIL_LENGTH = 1_000;

/** Adds an ellipsis if cut; never cuts a surrogate pair. */
function beginning(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

export const boundedDetail = (detail: string): string => beginning(detail, MAX_DETAIL_LENGTH);

/** R112. */
export function boundedErrors(errors: readonly FieldError[]): readonly FieldError[] {
  return errors.slice(0, MAX_ERRORS).map(({ field, message }) => ({
    field: beginning(field, MAX_FIELD_LENGTH),
    message: beginning(message, MAX_MESSAGE_LENGTH),
  }));
}

/** The first errors in words, and the number of the others (R112). */
export function detailOfErrors(errors: readonly FieldError[]): string {
  const told = boundedErrors(errors);
  const more = errors.length - told.length;
  const tail = more === 0 ? '' : ` · and ${more} more`;
  return beginning(told.map(({ message }) => message).join(' · '), MAX_DETAIL_LENGTH - tail.length) + tail;
}
