// A separate program: runs one attack for some seconds and prints the answers. It runs at the lowest priority, so that it
// takes no time from the honest client on the same core.
import { ATTACKS } from './attacks.mjs';

async function read(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return JSON.parse(text);
}

const { name, target, seconds } = await read(process.stdin);
const attack = ATTACKS.find((each) => each.name === name);
const outcomes = {};
await attack.run(target, {
  endsAtTick: performance.now() + seconds * 1000,
  count: (outcome) => (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1),
});
process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
