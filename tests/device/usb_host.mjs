// A strict USB host for the test firmware: enumerates it in Linux's order and checks every answer and data toggle.
//   node usb_host.mjs NODE_MODULES FILE.uf2      prints what is wrong; exit code 0 when nothing is
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, file] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(path.join(modules, 'rp2040js/dist/esm', name)).href);
const { RP2040, ConsoleLogger, LogLevel } = await load('index.js');
const { SimulationClock } = await load('clock/simulation-clock.js');
console.warn = () => {};

const EP0_IN = 0x80;
const EP2_IN = 0x90;
const EP2_OUT = 0x94;
const AVAILABLE = 1 << 10;
const STALL = 1 << 11;
const DATA1 = 1 << 13;

const clock = new SimulationClock();
const chip = new RP2040(clock);
chip.logger = new ConsoleLogger(LogLevel.Error, true);
const uf2 = fs.readFileSync(file);
for (let at = 0; at < uf2.length; at += 512) {
  chip.flash.set(uf2.subarray(at + 32, at + 288), uf2.readUInt32LE(at + 12) - 0x10000000);
}
chip.core.VTOR = 0x10000100;
chip.core.SP = chip.flashView.getUint32(0x100, true);
chip.core.PC = chip.flashView.getUint32(0x104, true) & ~1;

const usb = chip.usbCtrl;
let resets = 0;
let packets = []; // from endpoint 0
let received = []; // bytes from endpoint 2
const wanted = {}; // endpoint -> bytes that the device is ready to take
const toggles = { [EP0_IN]: [], [EP2_IN]: [], [EP2_OUT]: [] };
usb.onUSBEnabled = () => usb.resetDevice();
usb.onResetReceived = () => resets++;
usb.onEndpointRead = (endpoint, size) => (wanted[endpoint] = size);
usb.onEndpointWrite = (endpoint, bytes) => {
  if (endpoint === 0) packets.push([...bytes]);
  else received.push(...bytes);
};
const updated = usb.DPRAMUpdated.bind(usb);
usb.DPRAMUpdated = (offset, value) => {
  if (value & AVAILABLE) toggles[offset]?.push(value & DATA1 ? 1 : 0);
  updated(offset, value);
};

function run(until, micros = 20_000) {
  const end = clock.micros + micros;
  while (clock.micros < end && !until()) clock.tick(chip.core.executeInstruction() * 8);
  return until();
}
const pause = (micros) => run(() => false, micros);

let wrong = 0;
function check(name, got, expected) {
  if (JSON.stringify(got) === JSON.stringify(expected)) return;
  wrong++;
  console.log(`${name}: ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`);
}

// One control transfer; the answer's bytes, [] for an acknowledgement, "stall", or null for silence.
function control(type, request, value, index, length, data) {
  packets = [];
  toggles[EP0_IN] = [];
  delete wanted[0];
  chip.usbDPRAMView.setUint32(EP0_IN, 0, true);
  const words = [value, index, length].flatMap((word) => [word & 255, word >> 8]);
  usb.sendSetupPacket(Uint8Array.from([type, request, ...words]));
  const stalled = () => (chip.usbDPRAMView.getUint32(EP0_IN, true) & STALL) !== 0;
  if (data) {
    if (!run(() => wanted[0] !== undefined || stalled())) return null;
    if (stalled()) return 'stall';
    usb.endpointReadDone(0, Uint8Array.from(data));
  }
  const answer = [];
  for (;;) {
    if (!run(() => packets.length || stalled())) return null;
    if (!packets.length) return 'stall';
    const packet = packets.shift();
    answer.push(...packet);
    if (packet.length < 64 || answer.length >= length) break;
  }
  pause(100);
  check(`toggles of request ${request}`, toggles[EP0_IN], toggles[EP0_IN].map((_, i) => (i + 1) & 1));
  return answer;
}
const descriptor = (type, index, length) => control(0x80, 6, (type << 8) | index, type === 3 ? 0x409 : 0, length);

function send(bytes) {
  for (let at = 0; at < bytes.length; at += 64) {
    if (!run(() => wanted[2] !== undefined, 50_000)) return check('bulk OUT', 'not ready', 'ready');
    delete wanted[2];
    usb.endpointReadDone(2, Uint8Array.from(bytes.slice(at, at + 64)));
    pause(30);
  }
}
function echo(count) {
  received = [];
  const bytes = Array.from({ length: count }, (_, i) => (i * 31 + count) & 255);
  send([0x65, count, ...bytes]);
  run(() => received.length >= count);
  check(`echo of ${count} bytes`, received, bytes);
}

check('bus reset', run(() => resets === 1, 100_000), true);
check('device descriptor, first 64 bytes', descriptor(1, 0, 64)?.length, 18);
usb.resetDevice();
check('second bus reset', run(() => resets === 2, 100_000), true);
check('SET_ADDRESS', control(0, 5, 23, 0, 0), []);
check('address', usb.readUint32(0) & 127, 23);
const device = descriptor(1, 0, 18);
check('vendor and product', device.slice(8, 12), [0x8a, 0x2e, 0x0a, 0x00]);
check('device qualifier', descriptor(6, 0, 10), 'stall');
check('request after a stall', descriptor(1, 0, 18), device);
const configuration = descriptor(2, 0, 9);
check('wTotalLength', configuration[2], 67);
check('configuration', descriptor(2, 0, 67)?.length, 67);
check('configuration, wLength 255', descriptor(2, 0, 255)?.length, 67);
check('configuration, wLength 64', descriptor(2, 0, 64)?.length, 64);
const text = (index) => String.fromCharCode(...descriptor(3, index, 255).slice(2).filter((_, i) => i % 2 === 0));
check('languages', descriptor(3, 0, 255), [4, 3, 0x09, 0x04]);
check('manufacturer', text(1), 'sdk');
check('product', text(2), 'sdk measuring firmware');
check('serial number', text(3), '0000000000000000'); // there is no boot ROM to read the unique id with
check('string 9', descriptor(3, 9, 255), 'stall');
check('GET_CONFIGURATION before', control(0x80, 8, 0, 0, 1), [0]);
check('SET_CONFIGURATION', control(0, 9, 1, 0, 0), []);
check('GET_CONFIGURATION after', control(0x80, 8, 0, 0, 1), [1]);
check('GET_STATUS', control(0x80, 0, 0, 0, 2), [0, 0]);
check('bulk OUT is armed', run(() => wanted[2] === 64), true);
check('GET_LINE_CODING', control(0xa1, 0x21, 0, 0, 7), [0x00, 0xc2, 0x01, 0, 0, 0, 8]);
check('SET_LINE_CODING', control(0x21, 0x20, 0, 0, 7, [0, 0x96, 0, 0, 0, 0, 8]), []);
check('GET_LINE_CODING again', control(0xa1, 0x21, 0, 0, 7), [0, 0x96, 0, 0, 0, 0, 8]);
check('vendor request', control(0xc0, 1, 0, 0, 8), 'stall');
check('SET_CONTROL_LINE_STATE', control(0x21, 0x22, 3, 0, 0), []);
for (const count of [1, 61, 62, 63, 64, 65, 126, 127, 255]) echo(count);
check('toggles of bulk IN', toggles[EP2_IN], toggles[EP2_IN].map((_, i) => i & 1));
check('toggles of bulk OUT', toggles[EP2_OUT], toggles[EP2_OUT].map((_, i) => i & 1));

// After CLEAR_FEATURE(ENDPOINT_HALT) both endpoints start with DATA0 again.
toggles[EP2_IN] = [];
toggles[EP2_OUT] = [];
check('CLEAR_FEATURE IN', control(0x02, 1, 0, 0x82, 0), []);
check('CLEAR_FEATURE OUT', control(0x02, 1, 0, 0x02, 0), []);
echo(10);
check('toggles after a halt', [toggles[EP2_IN][0], toggles[EP2_OUT][0]], [0, 0]);

// With nobody reading its ring the device holds the host off, and loses nothing.
send([0x77, 0x00, 0x09, 0x3d, 0x00]); // works for 4,000,000 turns
run(() => received.at(-1) === 0x77);
let held = 0;
for (; held < 16 && run(() => wanted[2] !== undefined, 2000); held++) {
  delete wanted[2];
  usb.endpointReadDone(2, new Uint8Array(64).fill(held));
}
check('packets taken while busy', held, 4);
received = [];
run(() => received.length === 8, 200_000);
check('bytes found afterwards', received.slice(0, 4), [0, 1, 0, 0]);
process.exit(wrong ? 1 : 0);
