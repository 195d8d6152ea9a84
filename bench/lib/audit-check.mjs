// Every answer is in the audit.
/**
 * Stops a gateway and compares its audit with the answers that the load generators counted. Requests that were running
 * when a load generator ended are recorded, but it did not count them.
 */
export async function checkAudit({ scopegate, database, ledger }) {
  await scopegate.stop();
  const [[recordedText]] = await database.query(
    scopegate.name,
    `SELECT COALESCE(SUM(count), 0) FROM audit_events WHERE application IN ('bench', 'stored') AND outcome <> 'changed'`,
  );
  const recorded = Number(recordedText);
  const { answered, runs, underWay } = ledger;
  if (recorded < answered) throw new Error(`${answered - recorded} of ${answered} answers are not in the audit.`);
  if (recorded > answered + underWay) {
    throw new Error(`${recorded} requests are in the audit, and ${answered} were answered in ${runs} runs.`);
  }
  return { name: scopegate.name, answered, recorded, runs };
}
