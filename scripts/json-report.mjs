// A reporter for vitest: its JSON report with one more member, `errors`, for the errors outside of any test, which make
// a run fail and which the report otherwise leaves out. `file` is the test file that an error came from, if that is known.
import { JsonReporter } from 'vitest/node';

// oxlint-disable-next-line import/no-default-export -- Vitest takes the reporter from there.
export default class JsonReport extends JsonReporter {
  #errors = [];

  constructor() {
    super({});
  }

  async onTestRunEnd(files, errors) {
    this.#errors = errors.map(({ message, VITEST_TEST_PATH: file = null }) => ({ file, message }));
    await super.onTestRunEnd(files);
  }

  async writeReport(report) {
    await super.writeReport(JSON.stringify({ ...JSON.parse(report), errors: this.#errors }));
  }
}
