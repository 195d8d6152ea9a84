/** TypeORM wraps the driver's error, and copies its properties onto its own. */
export function driverErrorOf(error: unknown): unknown {
  return error instanceof Error && 'driverError' in error ? error.driverError : error;
}
