// The page: opens the GPU, runs everything, and shows what came of it.
"use strict";

const NO_WEBGPU = "Chrome and Edge have it from version 113 on, Safari from 26, Firefox from 141; on Linux it may have to "
    + "be turned on first (chrome://flags, “Unsafe WebGPU Support”; in Firefox about:config, dom.webgpu.enabled).";
const NO_ADAPTER = "Turn on hardware acceleration in the browser's settings, update the driver, or try another browser. "
    + "chrome://gpu tells why WebGPU is off.";
const NOT_SECURE = "Browsers offer WebGPU only to pages from https, from localhost, or opened as a file.";
/** Most differences that the page lists; the report has all. */
const LISTED = 30;

/** Why nothing could be run, with what to do. */
class Unavailable extends Error {
    constructor(title, advice) {
        super(title);
        this.advice = advice;
    }
}

const element = (id) => document.getElementById(id);
let lastReport = null;

async function openGpu() {
    if (!window.isSecureContext) {
        throw new Unavailable("This page cannot reach your GPU", NOT_SECURE);
    }
    if (!navigator.gpu) {
        throw new Unavailable("This browser has no WebGPU", NO_WEBGPU);
    }
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) {
        throw new Unavailable("The browser found no GPU that it may use", NO_ADAPTER);
    }
    try {
        return { adapter, device: await adapter.requestDevice() };
    } catch (error) {
        throw new Unavailable("The GPU could not be opened", String(error.message ?? error));
    }
}

/** What the browser tells of itself and of the GPU. */
function describe(adapter) {
    const info = adapter.info ?? {};
    const told = { vendor: info.vendor, architecture: info.architecture, device: info.device, description: info.description };
    return {
        date: new Date().toISOString(),
        browser: navigator.userAgent,
        adapter: Object.fromEntries(Object.entries(told).filter(([, value]) => value)),
        software_adapter: Boolean(info.isFallbackAdapter ?? adapter.isFallbackAdapter),
    };
}

function showMachine(machine) {
    const { vendor, architecture, device, description } = machine.adapter;
    const name = [description || device, vendor, architecture].filter((part) => part).join(", ") || "not told";
    const lines = [
        ["GPU", machine.software_adapter ? `${name} (in software, on the CPU)` : name],
        ["Browser", machine.browser],
    ];
    element("machine").replaceChildren(...lines.flatMap(([term, text]) => [make("dt", term), make("dd", text)]));
}

function make(tag, text, className) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (className) {
        made.className = className;
    }
    return made;
}

function showVerdict(verdict, title, text) {
    element("verdict").dataset.verdict = verdict;
    element("progress").hidden = verdict !== "running";
    element("verdict-title").textContent = title;
    element("verdict-text").textContent = text;
}

const count = (number) => number.toLocaleString("en");

/** A table row for each kernel, by name. */
function makeRows(tally) {
    const made = new Map();
    for (const row of tally.rows.values()) {
        const line = document.createElement("tr");
        const name = make("th", row.name);
        name.scope = "row";
        const cells = ["", "number", "number", "number", "fingerprint"].map((kind) => make("td", "", kind));
        line.append(name, ...cells);
        made.set(row.name, cells);
    }
    element("kernels").tBodies[0].replaceChildren(...Array.from(made.values(), (cells) => cells[0].parentNode));
    return made;
}

function showRow(cells, row) {
    const result = resultOf(row);
    cells[0].textContent = result;
    cells[0].dataset.result = result;
    cells[1].textContent = count(row.cases);
    cells[2].textContent = count(row.bytes);
    cells[3].textContent = row.time.toFixed(1);
}

function showFindings(tally) {
    const lines = tally.differences.map((found) => make("li", `${found.run}: case ${found.case}, output ${found.output}, `
        + `byte ${found.byte} is ${found.got} instead of ${found.expected}; ${count(found.differing)} bytes differ`));
    lines.push(...tally.failures.map((failure) => make("li", `${failure.run} could not run: ${failure.reason}`)));
    const more = lines.length - LISTED;
    if (more > 0) {
        lines.splice(LISTED, more, make("li", `and ${count(more)} more, in the report`));
    }
    element("differences").hidden = lines.length === 0;
    element("differences").querySelector("ul").replaceChildren(...lines);
}

function showEnd(report) {
    const { cases, bytes, runs, differences, failures } = report;
    const all = `${count(cases)} cases, ${count(bytes)} bytes`;
    const texts = {
        agrees: ["Your GPU agrees", `${all}: not one differs from the reference.`],
        differs: ["Your GPU differs", `${count(differences.length)} of ${count(runs)} models gave other bytes than the `
            + "reference. Please send the report to the project: a driver or a kernel has a fault."],
        incomplete: ["Not everything could be run", `${all} agree, but ${count(failures.length)} of ${count(runs)} models `
            + "could not be run here."],
    };
    showVerdict(report.verdict, ...texts[report.verdict]);
}

async function runAll(device, tally, rows) {
    const runner = new Runner(device, tally.cases.kernels);
    const { runs } = tally.cases;
    element("progress").max = runs.length;
    let lost = null;
    device.lost.then((info) => { lost = `the device was lost: ${info.message || info.reason}`; });
    for (const [index, run] of runs.entries()) {
        let changed;
        try {
            if (lost) {
                throw new RunError(lost);
            }
            const { outputs, time } = await runner.run(run);
            changed = tally.ran(run, outputs, time);
        } catch (error) {
            changed = tally.failed(run, lost ?? error.message ?? String(error));
        }
        changed.forEach((row) => showRow(rows.get(row.name), row));
        element("progress").value = index + 1;
        element("verdict-text").textContent = `${count(index + 1)} of ${count(runs.length)} models, ${run.name}`;
    }
}

/** Runs everything once; whatever happens ends in a verdict and a report. */
async function main() {
    for (const id of ["copy", "download", "again"]) {
        element(id).disabled = true;
    }
    element("done").textContent = "";
    showVerdict("running", "Running …", "");
    let report;
    try {
        const { adapter, device } = await openGpu();
        const machine = describe(adapter);
        showMachine(machine);
        const tally = new Tally(AIVM_CASES);
        const rows = makeRows(tally);
        tally.rows.forEach((row) => showRow(rows.get(row.name), row));
        await runAll(device, tally, rows);
        device.destroy();
        report = await tally.report(machine);
        for (const kernel of report.kernels) {
            rows.get(kernel.kernel)[4].textContent = kernel.sha256.slice(0, 16);
        }
        showFindings(tally);
        showEnd(report);
    } catch (error) {
        const advice = error.advice ?? "This is a fault of the page; please tell the project.";
        showVerdict("unavailable", error.message, advice);
        report = { report: "synergy-aivm web", verdict: "unavailable", browser: navigator.userAgent, reason: error.message };
    }
    element("kernels-section").hidden = element("kernels").tBodies[0].rows.length === 0;
    lastReport = report;
    for (const id of ["copy", "download", "again"]) {
        element(id).disabled = false;
    }
    document.dispatchEvent(new CustomEvent("aivm-report", { detail: report }));
}

const reportText = () => `${JSON.stringify(lastReport, null, 1)}\n`;

element("copy").addEventListener("click", async () => {
    try {
        await navigator.clipboard.writeText(reportText());
        element("done").textContent = "Copied.";
    } catch {
        element("done").textContent = "The browser did not allow it; download the report instead.";
    }
});

element("download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([reportText()], { type: "application/json" }));
    link.download = "synergy-aivm-gpu-report.json";
    link.click();
    URL.revokeObjectURL(link.href);
});

element("again").addEventListener("click", main);
main();
