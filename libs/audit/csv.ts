/** A spreadsheet runs a cell that begins so as a formula. */
const RUNS_IN_A_SPREADSHEET = /^[=+\-@\t\r\n]/;

const NEEDS_QUOTES = /[",\r\n]/;

/**
 * One line of CSV (RFC 4180), with its line end. Null and undefined become an empty cell, objects become JSON. A text that a
 * spreadsheet would run gets a leading apostrophe. Numbers stay as they are, also negative ones.
 */
export function csvLine(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const defused = RUNS_IN_A_SPREADSHEET.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}
