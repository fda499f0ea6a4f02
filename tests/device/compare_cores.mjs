// Compares the fast decoder with rp2040js's own on random instructions and states.
//   node compare_cores.mjs NODE_MODULES FAST_CORE.mjs SEED COUNT      exit code 0 when there is no difference
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, fast, seed, count] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(path.join(modules, 'rp2040js/dist/esm', name)).href);
const { RP2040 } = await load('index.js');
const { CortexM0Core } = await load('cortex-m0-core.js');
const { fastCore } = await import(pathToFileURL(path.resolve(fast)).href);
const FastCore = fastCore(CortexM0Core);

let state = Number(seed) >>> 0 || 1;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

const RAM = 0x20000000;
const CODE = 0x20010000;
const EDGES = [0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 31, 32];
function value() {
  const kind = random() % 8;
  if (kind < 3) return RAM + 0x8000 + (random() % 0x1000) * 4;
  if (kind < 5) return EDGES[random() % EDGES.length];
  return random();
}

function chip(Core) {
  const made = new RP2040();
  made.logger = { debug() {}, info() {}, warn() {}, error() {} };
  made.core = new Core(made);
  return made;
}
const chips = [chip(CortexM0Core), chip(FastCore)];
console.warn = () => {};

// What the fast decoder takes on: everything below 1101111 but the hints and the 32-bit encodings.
function opcode() {
  for (;;) {
    const word = random() & 0xffff;
    if (word >> 11 >= 0b11101 || (word >> 12 === 0b1101 && ((word >> 8) & 15) >= 14)) continue;
    if (word >> 12 === 0b1011 || word >> 12 === 0b1100 || word >> 8 === 0b01000111) continue;
    return word;
  }
}

for (let round = 0; round < Number(count); round++) {
  const word = opcode();
  const registers = Array.from({ length: 16 }, value);
  registers[13] = RAM + 0x8000 + (random() % 0x1000) * 4;
  registers[15] = CODE;
  const offset = random() % 64; // loads and stores by registers should hit memory most of the time
  if (word >> 12 === 0b0101) registers[(word >> 6) & 7] = offset;
  const flags = random();
  const outcomes = chips.map(({ core, sram, sramView }) => {
    sram.fill(0xa5, 0x7000, 0xd000);
    for (let at = 0x8000; at < 0x8400; at += 4) sramView.setUint32(at, at * 0x9e3779b1, true);
    core.registers.set(registers);
    [core.N, core.Z, core.C, core.V] = [1, 2, 4, 8].map((bit) => (flags & bit) !== 0);
    sramView.setUint16(CODE - RAM, word, true);
    let cycles;
    try {
      cycles = core.executeInstruction();
    } catch (error) {
      cycles = String(error);
    }
    const { N, Z, C, V } = core;
    return JSON.stringify([cycles, [...core.registers], N, Z, C, V, Buffer.from(sram.subarray(0x7000, 0xd000)).toString('latin1')]);
  });
  if (outcomes[0] !== outcomes[1]) {
    const text = outcomes.map((outcome) => outcome.slice(0, 250)).join('\n');
    console.log(`round ${round}, opcode 0x${word.toString(16)}, registers ${registers}\n${text}`);
    process.exit(1);
  }
}
