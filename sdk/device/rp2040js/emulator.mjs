// Runs a UF2 file for the RP2040 in rp2040js, with the second core that rp2040js lacks.
//
//   node emulator.mjs --modules NODE_MODULES --console uart|usb FILE.uf2
//
// The console is a TCP port on 127.0.0.1, told on standard output by "listening PORT". Standard input takes the
// command "touch" (close the USB port at 1200 baud); when it closes, so does the emulator. Exit codes: 0 ended as
// asked, or the firmware went to the boot loader; 1 the firmware did what would stop it on the chip; 2 wrong
// arguments or a file that is no UF2 for the RP2040.
//
// Instructions run in rp2040js's core, the common ones through a faster decoder of it (fast-core.mjs).
// Not as on the chip: no contention for memories, no XIP cache and no flash wait, UART output takes no time,
// interrupts of peripherals reach core 0 only, core 1 has GPIO registers of its own.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { fastCore } from './fast-core.mjs';
import { XipCache } from './xip-cache.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { modules: { type: 'string' }, console: { type: 'string' } },
});
if (positionals.length !== 1 || !options.modules || !['uart', 'usb'].includes(options.console)) {
  fail(2, 'usage: emulator.mjs --modules NODE_MODULES --console uart|usb FILE.uf2');
}

// Several of these the package does not export by name, hence by path.
const load = (file) => import(pathToFileURL(path.join(options.modules, 'rp2040js/dist/esm', file)).href);
const { RP2040, USBCDC } = await load('index.js');
const { SimulationClock } = await load('clock/simulation-clock.js');
const FastCore = fastCore((await load('cortex-m0-core.js')).CortexM0Core);
const { BasePeripheral } = await load('peripherals/peripheral.js');
const { createSetupPacket } = await load('usb/setup.js');

const FLASH = 0x10000000;
const FLASH_BYTES = 0x200000;
const XIP_BYTES = 0x4000000; // the flash four times, with different caching
const RAM = 0x20000000;
const RAM_BYTES = 0x42000;
const SIO = 0xd0000000;
const SYST_CVR = 0xe000e018;
const BOOT2_ADDRESS = 0x20041f00;
const FLASH_ID = 'RP2040js';
const EXC_HARDFAULT = 3;
const FIFO_DEPTH = 8;
const PSM_PROC1 = 1 << 16;
const SLICE = 50_000; // instructions between two looks at the host
const IDLE_NANOS = 1_000_000;

function fail(code, message) {
  fs.writeSync(process.stderr.fd, `${message}\n`); // synchronous: all of it before the end
  process.exit(code);
}

// What an access or instruction throws that raises a HardFault on the chip.
class HardFault {
  constructor(reason) {
    this.reason = reason;
  }
}
class ChipReset {}

class Logger {
  constructor(machine) {
    this.machine = machine;
  }
  debug() {}
  info(source, message) {
    if (message === 'SEV') this.machine.sendEvent();
  }
  warn(source, message) {
    if (/invalid memory address|undefined address|not implemented yet/.test(message)) throw new HardFault(message);
    warnOnce(`${source}: ${message}`);
  }
  error(source, message) {
    throw new HardFault(message);
  }
}

const warned = new Set();
function warnOnce(message) {
  if (warned.size < 20 && !warned.has(message)) process.stderr.write(`${message}\n`);
  warned.add(message);
}
console.warn = warnOnce;

// Pins of the flash: plain registers.
class IoQspi extends BasePeripheral {
  registers = new Uint32Array(1024);
  readUint32(offset) {
    return this.registers[offset >> 2];
  }
  writeUint32(offset, value) {
    this.registers[offset >> 2] = value;
  }
  get chipSelect() {
    return ['normal', 'inverted', 'low', 'high'][(this.registers[0x0c >> 2] >> 8) & 3];
  }
}

// The serial commands of a W25Q16JV behind the SSI: status registers and unique id.
class SerialFlash {
  constructor(ssi, pins) {
    const stock = { read: ssi.readUint32.bind(ssi), write: ssi.writeUint32.bind(ssi) };
    this.pins = pins;
    this.status = [0, 0];
    this.command = [];
    this.received = [];
    ssi.readUint32 = (offset) => {
      if (offset === 0x60) return this.received.shift() ?? 0;
      if (offset !== 0x28) return stock.read(offset);
      if (pins.chipSelect === 'normal') this.deselect(); // looked at for idle: the transfer is over
      return 6 | (this.received.length ? 8 : 0);
    };
    ssi.writeUint32 = (offset, value) => {
      if (offset === 0x60) this.received.push(this.transfer(value & 0xff));
      else if (offset === 0x08 && !value) this.received = [];
      else stock.write(offset, value);
    };
  }
  transfer(byte) {
    if (this.pins.chipSelect === 'high') return 0xff;
    const index = this.command.push(byte) - 1;
    if (index === 0) return 0;
    if (this.command[0] === 0x05) return this.status[0];
    if (this.command[0] === 0x35) return this.status[1];
    if (this.command[0] === 0x4b && index >= 5) return FLASH_ID.charCodeAt(index - 5);
    return 0;
  }
  deselect() {
    if (this.command[0] === 0x01) this.status = this.command.slice(1, 3);
    this.command = [];
  }
}

// A stand-in for the boot ROM's functions that firmware calls: a table of them at 0x100, its address at 0x14.
const ROM_TABLE = 0x100;
const ROM_BOOT_LOADER = 0x48;
const ROM = new Map([
  [0x14, [ROM_TABLE]],
  [0x40, [0x4770]], // bx lr
  [ROM_BOOT_LOADER, [0xbe00]], // bkpt
  // flush_cache hands chip select back: ldr r0, [pc, #8]; movs r1, #3; lsls r1, #8; str r1, [r0]; bx lr
  [0x50, [0x4802, 0x2103, 0x0209, 0x6001, 0x4770, 0, 0xb00c, 0x4001]],
  [ROM_TABLE, [...entry('IF', 0x40), ...entry('EX', 0x40), ...entry('FC', 0x50), ...entry('UB', ROM_BOOT_LOADER), 0]],
]);
function entry(code, address) {
  return [code.charCodeAt(0) | (code.charCodeAt(1) << 8), address | 1];
}

// The chip as one of its cores sees it. Both views share everything but core, SIO and PPB.
class Chip extends RP2040 {
  constructor(machine, number, shared) {
    super(machine.clock);
    this.core = new FastCore(this);
    this.machine = machine;
    this.number = number;
    this.logger = new Logger(machine);
    this.onBreak = () => {
      if (this.core.PC - 2 === ROM_BOOT_LOADER) machine.onBootLoader();
      throw new HardFault('breakpoint or undefined instruction');
    };
    if (shared) {
      const { sram, sramView, flash, flash16, flashView, usbDPRAM, usbDPRAMView, bootrom, usbCtrl } = shared;
      Object.assign(this, { sram, sramView, flash, flash16, flashView, usbDPRAM, usbDPRAMView, bootrom, usbCtrl });
      this.peripherals = shared.peripherals;
      Object.defineProperty(this.sio, 'spinLock', {
        get: () => shared.sio.spinLock,
        set: (value) => (shared.sio.spinLock = value),
      });
    }
    this.ram16 = new Uint16Array(this.sram.buffer);
    this.ram32 = new Uint32Array(this.sram.buffer);
    this.flash8 = this.flash;
    this.flash32 = new Uint32Array(this.flash.buffer);
    correctSystick(this);
  }
  readUint32(address) {
    address >>>= 0;
    if (address & 3) throw new HardFault(`unaligned read of 4 bytes at 0x${address.toString(16)}`);
    const ram = address - RAM;
    if (ram >= 0 && ram < RAM_BYTES) return this.ram32[ram >> 2];
    const xip = address - FLASH;
    if (xip >= 0 && xip < XIP_BYTES) {
      this.machine.xip.access(xip & (FLASH_BYTES - 1));
      return this.flash32[(xip & (FLASH_BYTES - 1)) >> 2];
    }
    if (address === SYST_CVR && this.number === 0) this.machine.xip.stamp(this.machine.cycles0);
    if (address >= SIO && address < SIO + 0x60) {
      if (address === SIO) return this.number;
      if (address === SIO + 0x50) return this.machine.fifoStatus(this.number);
      if (address === SIO + 0x58) return this.machine.fifo[this.number].shift() ?? 0;
    }
    return super.readUint32(address);
  }
  readUint16(address) {
    address >>>= 0;
    if (address & 1) throw new HardFault(`unaligned read of 2 bytes at 0x${address.toString(16)}`);
    const ram = address - RAM;
    if (ram >= 0 && ram < RAM_BYTES) return this.ram16[ram >> 1];
    const xip = address - FLASH;
    if (xip >= 0 && xip < XIP_BYTES) {
      this.machine.xip.access(xip & (FLASH_BYTES - 1));
      return this.flash16[(xip & (FLASH_BYTES - 1)) >> 1];
    }
    return super.readUint16(address);
  }
  readUint8(address) {
    address >>>= 0;
    const ram = address - RAM;
    if (ram >= 0 && ram < RAM_BYTES) return this.sram[ram];
    const xip = address - FLASH;
    if (xip >= 0 && xip < XIP_BYTES) {
      this.machine.xip.access(xip & (FLASH_BYTES - 1));
      return this.flash8[xip & (FLASH_BYTES - 1)];
    }
    return super.readUint8(address);
  }
  writeUint32(address, value) {
    address >>>= 0;
    if (address & 3) throw new HardFault(`unaligned write of 4 bytes at 0x${address.toString(16)}`);
    const ram = address - RAM;
    if (ram >= 0 && ram < RAM_BYTES) this.ram32[ram >> 2] = value;
    else if (address === SIO + 0x54) this.machine.fifoPut(this.number, value >>> 0);
    else if (address === SIO + 0x50) return; // clears error flags that are not kept here
    else if (!readOnly(address)) super.writeUint32(address, value);
  }
  writeUint16(address, value) {
    address >>>= 0;
    if (address & 1) throw new HardFault(`unaligned write of 2 bytes at 0x${address.toString(16)}`);
    const ram = address - RAM;
    if (ram >= 0 && ram < RAM_BYTES) this.ram16[ram >> 1] = value;
    else if (!readOnly(address)) super.writeUint16(address, value);
  }
  writeUint8(address, value) {
    address >>>= 0;
    const ram = address - RAM;
    if (ram >= 0 && ram < RAM_BYTES) this.sram[ram] = value;
    else if (!readOnly(address)) super.writeUint8(address, value);
  }
}

function readOnly(address) {
  return address < 0x4000 || (address >= FLASH && address < FLASH + XIP_BYTES);
}

// rp2040js reloads SysTick one cycle early, which makes its period 2^24 - 1 instead of 2^24.
function correctSystick({ ppb, core, clock }) {
  const { systickTimer: timer, systickAlarm: alarm } = ppb;
  alarm.clockAlarm.callback = () => {
    ppb.systickCountFlag = true;
    if (ppb.systickIntEnable) {
      core.pendingSystick = true;
      core.interruptsUpdated = true;
    }
    const cycle = 1e9 / timer.frequency;
    timer.baseValue = ppb.systickReload;
    timer.baseNanos = clock.nanos + cycle;
    alarm.clockAlarm.schedule((ppb.systickReload + 1) * cycle);
  };
}

// Chip, clock and both cores from one reset to the next.
class Machine {
  constructor(flash, console, before) {
    this.clock = new SimulationClock();
    this.xip = new XipCache();
    this.chip = new Chip(this, 0, null);
    this.chip1 = new Chip(this, 1, this.chip);
    this.core0 = this.chip.core;
    this.core1 = this.chip1.core;
    this.core1Runs = false;
    this.cycles0 = 0;
    this.cycles1 = 0;
    this.cycleNanos = 1e9 / this.chip.clkSys;
    this.chip.addClockListener((hz) => (this.cycleNanos = 1e9 / hz));
    this.fifo = [[], []]; // fifo[k]: words on the way to core k
    this.launchWords = [];
    this.onBootLoader = () => {
      fail(0, 'the firmware went to the boot loader');
    };

    this.chip.flash.set(flash, 0);
    if (before) this.chip.sram.set(before.chip.sram);
    const { peripherals } = this.chip;
    for (const [address, halfWords] of ROM) {
      new Uint16Array(this.chip.bootrom.buffer).set(halfWords, address / 2);
    }
    peripherals[0x40018] = new IoQspi(this.chip, 'IO_QSPI');
    new SerialFlash(peripherals[0x18000], peripherals[0x40018]);
    peripherals[0x40058].onWatchdogTrigger = () => {
      throw new ChipReset();
    };
    const psm = peripherals[0x40010];
    psm.writeUint32 = (offset, value) => {
      Object.getPrototypeOf(psm).writeUint32.call(psm, offset, value);
      if (offset === 4) this.holdCore1(!!(value & PSM_PROC1));
    };
    console.attach(this);
    this.boot();
  }

  // What the boot ROM does with a valid flash (RP2040 datasheet 2.8.1).
  boot() {
    const { flash, flashView, sram } = this.chip;
    if (crc32(flash.subarray(0, 252)) !== flashView.getUint32(252, true)) {
      fail(1, 'boot ROM: the CRC-32 of the second-stage boot is wrong');
    }
    sram.set(flash.subarray(0, 256), BOOT2_ADDRESS - RAM);
    this.core0.SP = BOOT2_ADDRESS;
    this.core0.LR = 0;
    this.core0.PC = BOOT2_ADDRESS;
  }

  fifoStatus(k) {
    return (this.fifo[k].length ? 1 : 0) | (this.fifo[1 - k].length < FIFO_DEPTH ? 2 : 0);
  }

  fifoPut(k, word) {
    if (k === 0 && !this.core1Runs) this.launchCore1(word);
    else if (this.fifo[1 - k].length < FIFO_DEPTH) this.fifo[1 - k].push(word);
  }

  // The boot ROM on core 1 echoes each word; 0 starts over, then come 1, vector table, stack pointer and entry.
  launchCore1(word) {
    this.launchWords = word === 0 ? [] : [...this.launchWords, word];
    if (this.launchWords.length && this.launchWords[0] !== 1) this.launchWords = [];
    this.fifo[0].push(word);
    if (this.launchWords.length < 4) return;
    const [, vectors, stack, start] = this.launchWords;
    Object.assign(this.core1, { VTOR: vectors, SP: stack, PC: start & ~1, waiting: false, eventRegistered: false });
    this.launchWords = [];
    this.core1Runs = true;
    this.cycles1 = this.cycles0;
  }

  holdCore1(held) {
    this.core1Runs = false;
    this.launchWords = [];
    this.fifo = [held ? [] : [0], []]; // the boot ROM says that it is there
  }

  sendEvent() {
    for (const core of [this.core0, this.core1]) {
      if (core.waiting) core.waiting = false;
      else core.eventRegistered = true;
    }
  }

  // Runs a slice of instructions, always on the core whose time is behind. Returns false when both cores sleep.
  run() {
    const { core0, core1, clock } = this;
    let running = core0;
    let left = SLICE;
    try {
      while (left > 0) {
        if (this.core1Runs && !core1.waiting && (this.cycles1 < this.cycles0 || core0.waiting)) {
          running = core1;
          left--;
          this.cycles1 += core1.executeInstruction();
          if (core0.waiting && this.cycles1 > this.cycles0) this.advance(this.cycles1 - this.cycles0);
        } else if (core0.waiting && !(core0.interruptsUpdated && core0.checkForInterrupts())) {
          clock.tick(Math.min(clock.nanosToNextAlarm || IDLE_NANOS, IDLE_NANOS));
          return false;
        } else {
          core0.waiting = false;
          running = core0;
          do {
            left--;
            this.advance(core0.executeInstruction());
          } while (left > 0 && !core0.waiting && (!this.core1Runs || core1.waiting));
          if (core1.waiting) this.cycles1 = this.cycles0; // it will wake no earlier than now
        }
      }
    } catch (error) {
      if (!(error instanceof HardFault)) throw error;
      this.raiseHardFault(running, error.reason);
    }
    return true;
  }

  advance(cycles) {
    const { clock } = this;
    this.cycles0 += cycles;
    const nanos = cycles * this.cycleNanos;
    const alarm = clock.nextAlarm;
    if (alarm !== null && alarm.nanos <= clock.nanosCounter + nanos) clock.tick(nanos);
    else clock.nanosCounter += nanos;
  }

  raiseHardFault(core, reason) {
    const where = `core ${core === this.core0 ? 0 : 1}, pc 0x${((core.PC & ~1) - 2).toString(16)}`;
    warnOnce(`HardFault on ${where}: ${reason}`);
    if (core.IPSR === EXC_HARDFAULT) fail(1, `the core is locked up by a fault within a fault (${where}: ${reason})`);
    core.PC -= 2; // past the instruction's first half word when it threw
    try {
      core.exceptionEntry(EXC_HARDFAULT);
    } catch (error) {
      if (!(error instanceof HardFault)) throw error;
      fail(1, `the core is locked up: no stack for a fault (${where}: ${reason})`);
    }
  }
}

// Bytes from the host on their way into the machine.
class Queue {
  chunks = [];
  at = 0;
  push(chunk) {
    if (chunk.length) this.chunks.push(chunk);
  }
  get empty() {
    return this.chunks.length === 0;
  }
  take() {
    const byte = this.chunks[0][this.at++];
    if (this.at === this.chunks[0].length) {
      this.chunks.shift();
      this.at = 0;
    }
    return byte;
  }
}

// UART0: bytes arrive at the baud rate; one that finds the FIFO full is lost, as on the chip.
class UartConsole {
  constructor(send) {
    this.send = send;
    this.queue = new Queue();
  }
  attach(machine) {
    const uart = machine.chip.uart[0];
    uart.onByte = (byte) => this.send([byte]);
    this.due = false;
    this.alarm = machine.clock.createAlarm(() => {
      if (uart.rxFIFO.full) warnOnce('UART0: a byte from the host was lost, its FIFO was full');
      const byte = this.queue.take();
      if (!uart.rxFIFO.full) uart.feedByte(byte);
      this.due = false;
      this.next();
    });
    this.next = () => {
      if (this.due || this.queue.empty || !uart.enabled) return;
      this.due = true;
      this.alarm.schedule(1e10 / uart.baudRate);
    };
  }
  receive(chunk) {
    this.queue.push(chunk);
  }
  poll() {
    this.next();
  }
  connected() {}
  touch() {}
  control() {}
}

// USB: rp2040js's host with two differences: it keeps an OUT transfer waiting until there is data for it, and the
// port's opening and closing show in DTR.
class UsbConsole {
  constructor(send) {
    this.send = send;
    this.queue = new Queue();
    this.open = false;
  }
  attach(machine) {
    const usb = machine.chip.usbCtrl;
    this.usb = usb;
    this.cdc = new USBCDC(usb);
    this.waiting = false;
    this.lineCoding = null;
    this.configured = false;
    this.steps = [];
    this.cdc.onDeviceConnected = () => {
      this.configured = true;
      if (!this.open) this.connected(false);
    };
    this.cdc.onSerialData = (bytes) => this.send(bytes);
    usb.onEndpointRead = (endpoint, size) => {
      if (endpoint === this.cdc.outEndpoint) {
        this.waiting = true;
        this.size = size;
        this.poll();
      } else if (endpoint === 0 && this.lineCoding) {
        usb.endpointReadDone(0, this.lineCoding);
        this.lineCoding = null;
      }
    };
  }
  receive(chunk) {
    this.queue.push(chunk);
  }
  poll() {
    if (this.waiting && !this.queue.empty) {
      const bytes = [];
      while (bytes.length < this.size && !this.queue.empty) bytes.push(this.queue.take());
      this.waiting = false;
      this.usb.endpointReadDone(this.cdc.outEndpoint, Uint8Array.from(bytes));
    }
  }
  connected(open) {
    this.open = open;
    this.steps.push(() => this.cdc.cdcSetControlLineState(open ? 3 : 0));
  }
  touch() {
    this.steps.push(
      () => {
        this.lineCoding = Uint8Array.from([1200 & 255, 1200 >> 8, 0, 0, 0, 0, 8]);
        const request = { dataDirection: 0, type: 1, recipient: 1, bRequest: 0x20, wValue: 0, wIndex: 0, wLength: 7 };
        this.usb.sendSetupPacket(createSetupPacket(request));
      },
      () => this.cdc.cdcSetControlLineState(1),
      () => this.cdc.cdcSetControlLineState(0),
    );
  }
  // One control request for each slice of emulated time: it is over before the next.
  control() {
    if (this.configured) this.steps.shift()?.();
  }
}

// CRC-32/MPEG-2
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

function readUf2(file) {
  const data = fs.readFileSync(file);
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  if (!data.length || data.length % 512) fail(2, `${file}: not a UF2 file`);
  for (let at = 0; at < data.length; at += 512) {
    const [magic0, magic1, flags, address, size, number, count, family] = Array.from({ length: 8 }, (_, i) =>
      data.readUInt32LE(at + 4 * i),
    );
    if (magic0 !== 0x0a324655 || magic1 !== 0x9e5d5157 || data.readUInt32LE(at + 508) !== 0x0ab16f30) {
      fail(2, `${file}: block ${at / 512} has a wrong magic number`);
    }
    if (number !== at / 512 || count !== data.length / 512) fail(2, `${file}: block ${at / 512} is out of order`);
    if (!(flags & 0x2000) || family !== 0xe48bff56) fail(2, `${file}: block ${number} is not for the RP2040`);
    if (size !== 256 || address < FLASH || address + size > FLASH + FLASH_BYTES) {
      fail(2, `${file}: block ${number} is not within the flash`);
    }
    flash.set(data.subarray(at + 32, at + 32 + size), address - FLASH);
  }
  return flash;
}

let socket = null;
let output = [];
const flash = readUf2(positionals[0]);
const terminal = new { uart: UartConsole, usb: UsbConsole }[options.console]((bytes) => output.push(...bytes));
let machine = new Machine(flash, terminal, null);

const server = net.createServer((connection) => {
  socket?.destroy();
  socket = connection;
  connection.setNoDelay(true);
  connection.on('data', (chunk) => terminal.receive(chunk));
  connection.on('error', () => {});
  connection.on('close', () => {
    if (socket !== connection) return;
    socket = null;
    terminal.connected(false);
  });
  terminal.connected(true);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`));
process.stdin.on('data', (text) => {
  for (const request of String(text).trim().split('\n')) {
    if (request === 'touch') terminal.touch();
    if (request === 'stalls') process.stdout.write(`${JSON.stringify(machine.xip.take())}\n`);
  }
});
process.stdin.on('end', () => process.exit(0));

function slice() {
  terminal.poll();
  terminal.control();
  let busy = true;
  try {
    busy = machine.run();
  } catch (error) {
    if (!(error instanceof ChipReset)) throw error;
    machine = new Machine(flash, terminal, machine);
  }
  if (output.length) {
    socket?.write(Buffer.from(output));
    output = [];
  }
  busy ? setImmediate(slice) : setTimeout(slice, 1);
}
slice();
