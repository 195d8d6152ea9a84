import { ApiProblem, type FieldError } from '../api/problem';

export interface Warning {
  readonly code: string;
  readonly message: string;
}

/**
 * What is wrong with a field, or with the lines of a list.
 * @returns null if nothing is
 */
export function errorAt(problem: unknown, field: string): string | null {
  if (!(problem instanceof ApiProblem)) return null;
  const texts = problem.problem.errors.flatMap((error) => textAt(error, field));
  return texts.length === 0 ? null : texts.map((text) => (texts.length === 1 ? text : withStop(text))).join(' ');
}

function textAt({ field: at, message }: FieldError, field: string): readonly string[] {
  if (at === field) return [withoutName(message, field)];
  if (!at.startsWith(`${field}.`)) return [];
  const rest = at.slice(field.length + 1);
  const text = withoutName(message, at);
  return [/^\d+$/.test(rest) ? `Line ${Number(rest) + 1}: ${text}` : `${rest} ${text}`];
}

function withStop(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

/** The server begins with the name of the member; here the label says it. */
function withoutName(message: string, field: string): string {
  if (!message.startsWith(field)) return message;
  const text = message.slice(field.length).replace(/^:?\s*/, '');
  return text === '' ? message : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Errors that no field of the page shows. */
export function otherErrors(problem: unknown, fields: readonly string[]): readonly FieldError[] {
  if (!(problem instanceof ApiProblem)) return [];
  return problem.problem.errors.filter(
    ({ field: at }) => !fields.some((field) => at === field || at.startsWith(`${field}.`)),
  );
}

/** Warnings by the field that they are about; those about none at the empty name. */
export type PlacedWarnings = ReadonlyMap<string, readonly Warning[]>;

/** @param fieldsOf a warning may be about several fields; about none stands at the top */
export function placed(
  warnings: readonly Warning[],
  fieldsOf: (warning: Warning) => readonly string[],
): PlacedWarnings {
  const places = new Map<string, Warning[]>();
  for (const warning of warnings) {
    const fields = fieldsOf(warning);
    for (const field of fields.length === 0 ? [''] : fields) {
      places.set(field, [...(places.get(field) ?? []), warning]);
    }
  }
  return places;
}
