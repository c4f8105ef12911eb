// Counts what agreed: from the outputs of runs to a report. No other file decides what a difference is.
"use strict";

/** SHA-256 of parts, one behind the other, in hexadecimal. */
async function sha256(parts) {
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The names of a kernel: one, or those of the operators that a generated one joins. */
function namesOf(kernel) {
    return kernel.name.split("+");
}

/** Where outputs differ from those expected; null if they are the same. */
function difference(run, outputs) {
    let first = null;
    let differing = 0;
    run.outputs.forEach((output, index) => {
        const expected = bytesOf(output.data);
        expected.forEach((byte, at) => {
            if (byte === outputs[index][at]) {
                return;
            }
            differing += 1;
            first ??= {
                run: run.name,
                output: index,
                case: Math.floor(at / output.bytes),
                byte: at % output.bytes,
                expected: byte,
                got: outputs[index][at],
            };
        });
    });
    return first && { ...first, differing };
}

/** What is known of each kernel while runs end, and the report when all have. */
class Tally {
    constructor(cases) {
        this.cases = cases;
        this.rows = new Map();
        for (const name of cases.kernels.flatMap(namesOf).sort()) {
            this.rows.set(name, { name, left: 0, cases: 0, bytes: 0, time: 0, differs: 0, failed: 0, outputs: [] });
        }
        for (const run of cases.runs) {
            this.rowsOf(run).forEach((row) => { row.left += 1; });
        }
        this.total = { runs: 0, cases: 0, bytes: 0, outputs: [] };
        this.differences = [];
        this.failures = [];
    }

    /** The rows in which a run counts. */
    rowsOf(run) {
        const names = run.dispatches.flatMap((dispatch) => namesOf(this.cases.kernels[dispatch.kernel]));
        return [...new Set(names)].map((name) => this.rows.get(name));
    }

    /** Counts a run that ended; gives the rows that changed. */
    ran(run, outputs, time) {
        const found = difference(run, outputs);
        const bytes = outputs.reduce((sum, output) => sum + output.length, 0);
        if (found) {
            this.differences.push(found);
        }
        const rows = this.rowsOf(run);
        for (const row of rows) {
            row.left -= 1;
            row.time += time;
            row.differs += found ? 1 : 0;
        }
        for (const row of [...rows, this.total]) {
            row.cases += run.cases;
            row.bytes += bytes;
            row.outputs.push(...outputs);
        }
        this.total.runs += 1;
        return rows;
    }

    /** Counts a run that could not be done. */
    failed(run, reason) {
        this.failures.push({ run: run.name, reason });
        const rows = this.rowsOf(run);
        for (const row of rows) {
            row.left -= 1;
            row.failed += 1;
        }
        return rows;
    }

    /** `agrees`, `differs`, or `incomplete` if something could not be run and nothing differs. */
    verdict() {
        if (this.differences.length > 0) {
            return "differs";
        }
        const complete = this.failures.length === 0 && this.total.runs === this.cases.runs.length;
        return complete && this.total.runs > 0 ? "agrees" : "incomplete";
    }

    /** Everything, as the report has it. `machine` says what ran it. */
    async report(machine) {
        const kernels = [];
        for (const row of this.rows.values()) {
            kernels.push({
                kernel: row.name,
                result: resultOf(row),
                cases: row.cases,
                bytes: row.bytes,
                milliseconds: Math.round(row.time * 10) / 10,
                sha256: await sha256(row.outputs),
            });
        }
        return {
            report: "synergy-aivm web",
            format: this.cases.format,
            verdict: this.verdict(),
            ...machine,
            cases_sha256: await sha256([JSON.stringify(this.cases)]),
            outputs_sha256: await sha256(this.total.outputs),
            runs: this.cases.runs.length,
            runs_done: this.total.runs,
            cases: this.total.cases,
            bytes: this.total.bytes,
            differences: this.differences,
            failures: this.failures,
            kernels,
        };
    }
}

/** What a kernel's row says. */
function resultOf(row) {
    if (row.differs > 0) {
        return "differs";
    }
    if (row.failed > 0) {
        return "could not run";
    }
    return row.left > 0 ? "waiting" : "agrees";
}
