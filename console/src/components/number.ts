const format = new Intl.NumberFormat('en');

/** "12,345" */
export function inDigits(value: number): string {
  return format.format(value);
}
