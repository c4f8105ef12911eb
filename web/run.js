// Runs the models of cases.js on a WebGPU device. No other file talks to the device.
"use strict";

/** Bytes of a base64 text. */
function bytesOf(base64) {
    const text = atob(base64);
    return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A kernel that does not compile, or a run that the device refuses. */
class RunError extends Error {}

/** What a fresh buffer holds, so that a word that no kernel writes is not by chance the right one. */
const GARBAGE = 0xa5;

class Runner {
    /** @param {GPUDevice} device @param {{name: string, inputs: number, source: string}[]} kernels */
    constructor(device, kernels) {
        this.device = device;
        this.kernels = kernels;
        this.pipelines = new Map();
    }

    /** Compiles a kernel when it is first asked for. */
    async pipeline(index) {
        let made = this.pipelines.get(index);
        if (!made) {
            made = await this.compile(this.kernels[index]);
            this.pipelines.set(index, made);
        }
        return made;
    }

    async compile(kernel) {
        const module = this.device.createShaderModule({ label: kernel.name, code: kernel.source });
        const { messages } = await module.getCompilationInfo();
        const error = messages.find((message) => message.type === "error");
        if (error) {
            throw new RunError(`kernel ${kernel.name}, line ${error.lineNum}: ${error.message}`);
        }
        // Binding 0 is the uniform parameters, 1 the output, the others are inputs.
        const types = ["uniform", "storage", ...Array(kernel.inputs).fill("read-only-storage")];
        const entries = types.map((type, binding) => (
            { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } }
        ));
        const layout = this.device.createBindGroupLayout({ entries });
        const pipeline = await this.device.createComputePipelineAsync({
            label: kernel.name,
            layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
            compute: { module, entryPoint: "main" },
        });
        return { pipeline, layout };
    }

    /**
     * Runs all cases of a run in one submission.
     * @returns {Promise<{outputs: Uint8Array[], time: number}>} each output's bytes as `data` in cases.js has them, and
     * the milliseconds from the submission to the last byte.
     */
    async run(run) {
        const pipelines = [];
        for (const dispatch of run.dispatches) {
            pipelines.push(await this.pipeline(dispatch.kernel));
        }
        const buffers = [];
        for (const filter of ["out-of-memory", "internal", "validation"]) {
            this.device.pushErrorScope(filter);
        }
        let read;
        let begun;
        try {
            const encoder = this.device.createCommandEncoder();
            const staging = this.record(run, pipelines, buffers, encoder);
            begun = performance.now();
            this.device.queue.submit([encoder.finish()]);
            read = staging.mapAsync(GPUMapMode.READ).then(() => new Uint8Array(staging.getMappedRange().slice(0)));
            // Awaited below; a refusal of the device is told by its error scope.
            read.catch(() => {});
        } finally {
            const errors = [];
            for (let scope = 0; scope < 3; scope += 1) {
                errors.push(await this.device.popErrorScope());
            }
            const error = errors.find((found) => found);
            if (error) {
                buffers.forEach((buffer) => buffer.destroy());
                throw new RunError(error.message);
            }
        }
        const staged = await read;
        const time = performance.now() - begun;
        buffers.forEach((buffer) => buffer.destroy());
        return { outputs: unpack(run, staged), time };
    }

    /** Records uploads, dispatches and copies; gives the buffer that has the outputs, one after the other. */
    record(run, pipelines, buffers, encoder) {
        const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
        const create = (size, usage) => {
            buffers.push(this.device.createBuffer({ size, usage }));
            return buffers[buffers.length - 1];
        };
        const upload = (bytes, usage) => {
            const buffer = create(bytes.length, usage | COPY_DST);
            this.device.queue.writeBuffer(buffer, 0, bytes);
            return buffer;
        };
        const constants = run.constants.map((data) => upload(bytesOf(data), STORAGE));
        const values = run.buffers.map((words) => {
            const bytes = new Uint8Array(words * 4 * run.cases).fill(GARBAGE);
            return upload(bytes, STORAGE | COPY_SRC);
        });
        for (const input of run.inputs) {
            this.device.queue.writeBuffer(values[input.buffer], 0, pack(input, run.cases));
        }
        const resource = (bound) => "constant" in bound
            ? { buffer: constants[bound.constant] }
            : { buffer: values[bound.buffer], size: bound.words * 4 * run.cases };

        const pass = encoder.beginComputePass();
        run.dispatches.forEach((dispatch, index) => {
            const params = new Uint32Array(Math.ceil(dispatch.params.length / 4) * 4);
            params.set(dispatch.params);
            const uniform = upload(new Uint8Array(params.buffer), UNIFORM);
            const bound = [{ buffer: uniform }, resource(dispatch.writes), ...dispatch.reads.map(resource)];
            const entries = bound.map((item, binding) => ({ binding, resource: item }));
            pass.setPipeline(pipelines[index].pipeline);
            pass.setBindGroup(0, this.device.createBindGroup({ layout: pipelines[index].layout, entries }));
            pass.dispatchWorkgroups(dispatch.groups[0], dispatch.groups[1], run.cases);
        });
        pass.end();

        const sizes = run.outputs.map((output) => output.words * 4 * run.cases);
        const staging = create(Math.max(4, sizes.reduce((sum, size) => sum + size, 0)), MAP_READ | COPY_DST);
        let offset = 0;
        run.outputs.forEach((output, index) => {
            encoder.copyBufferToBuffer(values[output.buffer], 0, staging, offset, sizes[index]);
            offset += sizes[index];
        });
        return staging;
    }
}

/** An input's cases, each filled up to whole words. */
function pack(input, cases) {
    const data = bytesOf(input.data);
    const packed = new Uint8Array(input.words * 4 * cases);
    for (let index = 0; index < cases; index += 1) {
        packed.set(data.subarray(index * input.bytes, (index + 1) * input.bytes), index * input.words * 4);
    }
    return packed;
}

/** The outputs' cases without what fills them up. */
function unpack(run, staged) {
    let offset = 0;
    return run.outputs.map((output) => {
        const bytes = new Uint8Array(output.bytes * run.cases);
        for (let index = 0; index < run.cases; index += 1) {
            bytes.set(staged.subarray(offset, offset + output.bytes), index * output.bytes);
            offset += output.words * 4;
        }
        return bytes;
    });
}
