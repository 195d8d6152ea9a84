import type { FieldError } from './problem.js';

/** The most errors in one answer (R112). */
export const MAX_ERRORS = 50;

/** In characters. Names and values of a caller stand in these texts, and may be as long as its body. */
const MAX_FIELD_LENGTH = 128;
const MAX_MESSAGE_LENGTH = 400;
const MAX_DETAIL_LENGTH = 1_000;

/** The beginning of a text, with an ellipsis where something is left out; a surrogate pair stays whole. */
function beginning(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The detail of a problem, of at most a thousand characters. */
export const boundedDetail = (detail: string): string => beginning(detail, MAX_DETAIL_LENGTH);

/** The first fifty errors, each with short texts (R112). */
export function boundedErrors(errors: readonly FieldError[]): readonly FieldError[] {
  return errors.slice(0, MAX_ERRORS).map(({ field, message }) => ({
    field: beginning(field, MAX_FIELD_LENGTH),
    message: beginning(message, MAX_MESSAGE_LENGTH),
  }));
}

/** The detail of a problem with these errors: the first of them in words, and how many there are besides (R112). */
export function detailOfErrors(errors: readonly FieldError[]): string {
  const told = boundedErrors(errors);
  const more = errors.length - told.length;
  const tail = more === 0 ? '' : ` · and ${more} more`;
  return beginning(told.map(({ message }) => message).join(' · '), MAX_DETAIL_LENGTH - tail.length) + tail;
}
