// The decision alone, in a separate process on the proxies' core.
import { join } from 'node:path';
import { PROXY_CORE, root, run } from '../processes.mjs';

export async function measureDecision({ options }) {
  const program = join(root, 'bench/decision.mjs');
  return JSON.parse(await run(PROXY_CORE, process.execPath, [...options.nodeArguments, program, '--json']));
}
