import { Brackets } from 'typeorm';

/**
 * A condition: one of the columns holds the text, whatever the case.
 * SQLite lowers ASCII alone, so other letters are found there in the case in which they were typed.
 * @param columns such as `token.description`; never a text from outside
 */
export function holdsText(columns: readonly string[], text: string): Brackets {
  const patterns = { anyCase: likePattern(text.toLowerCase()), asTyped: likePattern(text) };
  return new Brackets((part) => {
    for (const column of columns) {
      part.orWhere(`LOWER(${column}) LIKE :anyCase ESCAPE '!'`, patterns);
      part.orWhere(`${column} LIKE :asTyped ESCAPE '!'`, patterns);
    }
  });
}

function likePattern(text: string): string {
  return `%${text.replace(/[!%_]/g, '!$&')}%`;
}
