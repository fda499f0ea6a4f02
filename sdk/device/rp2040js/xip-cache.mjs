// What reading the flash through the XIP cache would cost: rp2040js lets it cost nothing.
//
// RP2040 datasheet, section 2.6.3: 16 KiB, two-way set-associative, lines of 8 bytes. The replacement policy is not
// given there; least recently used is assumed. A miss is one quad read with continuous-read address (EBh): 8 clocks of
// address and mode, 4 of waiting, 16 for 8 bytes, at clk_sys / 2 as our second-stage boot sets it up. Misses of both
// cores queue for the one flash, so their sum bounds what they add to the time.
const LINE_BITS = 3;
const SETS = 1024;
const MISS_CYCLES = 2 * (8 + 4 + 16);
const SAME_STAMP_CYCLES = 64; // a time stamp reads SysTick more than once

export class XipCache {
  constructor() {
    this.recent = new Int32Array(SETS).fill(-1); // the line used last in each set
    this.older = new Int32Array(SETS).fill(-1);
    this.misses = 0;
    this.stamps = [];
    this.stampedAt = -SAME_STAMP_CYCLES;
  }

  access(offset) {
    const line = offset >> LINE_BITS;
    const set = line & (SETS - 1);
    if (this.recent[set] === line) return;
    if (this.older[set] !== line) this.misses++;
    this.older[set] = this.recent[set];
    this.recent[set] = line;
  }

  // The firmware reads its cycle counter.
  stamp(cycle) {
    if (cycle - this.stampedAt >= SAME_STAMP_CYCLES) this.stamps.push(this.misses * MISS_CYCLES);
    this.stampedAt = cycle;
  }

  // Cycles of waiting at each time stamp since the last call.
  take() {
    return this.stamps.splice(0);
  }
}
