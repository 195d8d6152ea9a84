// Every answer is in the audit.
/**
 * Stops a gateway and compares the audit with what the load generators have had answered. What is under way when a
 * load generator ends is recorded, and not counted by it.
 */
export async function checkAudit({ scopegate, database, ledger }) {
  await scopegate.stop();
  const [[recordedText]] = await database.query(
    scopegate.name,
    `SELECT COALESCE(SUM(count), 0) FROM audit_events WHERE application = 'bench' AND outcome <> 'changed'`,
  );
  const recorded = Number(recordedText);
  const { answered, runs, underWay } = ledger;
  if (recorded < answered) throw new Error(`${answered - recorded} of ${answered} answers are not in the audit.`);
  if (recorded > answered + underWay) {
    throw new Error(`${recorded} requests are in the audit, and ${answered} were answered in ${runs} runs.`);
  }
  return { name: scopegate.name, answered, recorded, runs };
}
