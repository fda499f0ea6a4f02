// rp2040js's core with a faster decoder for the instructions that kernels are made of; all others it passes on.
// Results, flags and cycles are the same: tests/device/test_rp2040js.py compares the two on random instructions.

// Takes CortexM0Core, which the package does not export by name; returns a class derived from it.
export function fastCore(CortexM0Core) {
  return class FastCore extends CortexM0Core {
    constructor(chip) {
      super(chip);
      this.signed = new Int32Array(this.registers.buffer);
    }

    executeInstruction() {
      if (this.interruptsUpdated && this.checkForInterrupts()) this.waiting = false;
      const { signed: r, rp2040: bus } = this;
      const pc = r[15] & ~1;
      const opcode = bus.readUint16(pc);
      const d = opcode & 7;
      const n = (opcode >> 3) & 7;
      const m = (opcode >> 6) & 7;
      const shift = (opcode >> 6) & 31;
      switch (opcode >> 11) {
        case 0b00000: // LSLS; MOVS with 0
          r[15] = pc + 2;
          if (shift) this.C = ((r[n] >>> (32 - shift)) & 1) === 1;
          return this.result(d, r[n] << shift);
        case 0b00001: // LSRS; 0 means 32
          r[15] = pc + 2;
          this.C = ((r[n] >>> (shift ? shift - 1 : 31)) & 1) === 1;
          return this.result(d, shift ? (r[n] >>> shift) | 0 : 0);
        case 0b00010: // ASRS; 0 means 32
          r[15] = pc + 2;
          this.C = ((r[n] >>> (shift ? shift - 1 : 31)) & 1) === 1;
          return this.result(d, r[n] >> (shift || 31));
        case 0b00011: {
          // ADDS and SUBS of a register or 3 bits
          r[15] = pc + 2;
          const operand = opcode & 0x400 ? m : r[m];
          return opcode & 0x200 ? this.subtract(d, r[n], operand) : this.add(d, r[n], operand);
        }
        case 0b00100: // MOVS
          r[15] = pc + 2;
          return this.result((opcode >> 8) & 7, opcode & 0xff);
        case 0b00101: // CMP
          r[15] = pc + 2;
          return this.subtract(-1, r[(opcode >> 8) & 7], opcode & 0xff);
        case 0b00110: // ADDS
          r[15] = pc + 2;
          return this.add((opcode >> 8) & 7, r[(opcode >> 8) & 7], opcode & 0xff);
        case 0b00111: // SUBS
          r[15] = pc + 2;
          return this.subtract((opcode >> 8) & 7, r[(opcode >> 8) & 7], opcode & 0xff);
        case 0b01000: {
          const operation = (opcode >> 6) & 0x1f;
          if (operation === 0b01101) {
            r[15] = pc + 2;
            return this.result(d, Math.imul(r[n], r[d])); // MULS
          }
          if (operation === 0b01010) {
            r[15] = pc + 2;
            return this.subtract(-1, r[d], r[n]); // CMP
          }
          const target = (opcode & 7) | ((opcode >> 4) & 8);
          const source = (opcode >> 3) & 15;
          if (opcode >> 8 === 0b01000110 && target < 13 && source < 15) {
            r[15] = pc + 2;
            r[target] = r[source]; // MOV
            return 1;
          }
          return super.executeInstruction();
        }
        case 0b01001: // LDR from the literal pool
          r[15] = pc + 2;
          r[(opcode >> 8) & 7] = bus.readUint32(((pc + 4) & ~3) + ((opcode & 0xff) << 2));
          return 2;
        case 0b01010: {
          const address = (r[n] + r[m]) >>> 0;
          if (address >= 0x40000000) return super.executeInstruction();
          r[15] = pc + 2;
          if ((opcode & 0x600) === 0) bus.writeUint32(address, r[d]);
          else if ((opcode & 0x600) === 0x200) bus.writeUint16(address, r[d] & 0xffff);
          else if ((opcode & 0x600) === 0x400) bus.writeUint8(address, r[d] & 0xff);
          else r[d] = (bus.readUint8(address) << 24) >> 24; // LDRSB
          return 2;
        }
        case 0b01011: {
          const address = (r[n] + r[m]) >>> 0;
          if (address >= 0x40000000) return super.executeInstruction();
          r[15] = pc + 2;
          if ((opcode & 0x600) === 0) r[d] = bus.readUint32(address);
          else if ((opcode & 0x600) === 0x200) r[d] = bus.readUint16(address);
          else if ((opcode & 0x600) === 0x400) r[d] = bus.readUint8(address);
          else r[d] = (bus.readUint16(address) << 16) >> 16; // LDRSH
          return 2;
        }
        case 0b01100: // STR
        case 0b01101: {
          const address = (r[n] + (shift << 2)) >>> 0;
          if (address >= 0x40000000) return super.executeInstruction();
          r[15] = pc + 2;
          if (opcode & 0x800) r[d] = bus.readUint32(address);
          else bus.writeUint32(address, r[d]);
          return 2;
        }
        case 0b01110: // STRB
        case 0b01111: {
          const address = (r[n] + shift) >>> 0;
          if (address >= 0x40000000) return super.executeInstruction();
          r[15] = pc + 2;
          if (opcode & 0x800) r[d] = bus.readUint8(address);
          else bus.writeUint8(address, r[d] & 0xff);
          return 2;
        }
        case 0b10000: // STRH
        case 0b10001: {
          const address = (r[n] + (shift << 1)) >>> 0;
          if (address >= 0x40000000) return super.executeInstruction();
          r[15] = pc + 2;
          if (opcode & 0x800) r[d] = bus.readUint16(address);
          else bus.writeUint16(address, r[d] & 0xffff);
          return 2;
        }
        case 0b10010: // STR to the stack
        case 0b10011: {
          const address = (r[13] + ((opcode & 0xff) << 2)) >>> 0;
          if (address >= 0x40000000) return super.executeInstruction();
          r[15] = pc + 2;
          if (opcode & 0x800) r[(opcode >> 8) & 7] = bus.readUint32(address);
          else bus.writeUint32(address, r[(opcode >> 8) & 7]);
          return 2;
        }
        case 0b11010:
        case 0b11011: {
          // B by condition; UDF and SVC are others
          const condition = (opcode >> 8) & 15;
          if (condition >= 14) return super.executeInstruction();
          if (!this.holds(condition)) {
            r[15] = pc + 2;
            return 1;
          }
          r[15] = pc + 4 + ((opcode << 24) >> 23);
          return 2;
        }
        case 0b11100: // B
          r[15] = pc + 4 + ((opcode << 21) >> 20);
          return 2;
        default:
          return super.executeInstruction();
      }
    }

    holds(condition) {
      switch (condition) {
        case 0:
          return this.Z;
        case 1:
          return !this.Z;
        case 2:
          return this.C;
        case 3:
          return !this.C;
        case 4:
          return this.N;
        case 5:
          return !this.N;
        case 6:
          return this.V;
        case 7:
          return !this.V;
        case 8:
          return this.C && !this.Z;
        case 9:
          return !this.C || this.Z;
        case 10:
          return this.N === this.V;
        case 11:
          return this.N !== this.V;
        case 12:
          return this.N === this.V && !this.Z;
        default:
          return this.N !== this.V || this.Z;
      }
    }

    // Each sets a register (none for -1) and flags; returns the instruction's one cycle.
    result(register, value) {
      this.signed[register] = value;
      this.N = value < 0;
      this.Z = value === 0;
      return 1;
    }
    add(register, a, b) {
      const sum = (a + b) | 0;
      this.C = sum >>> 0 < a >>> 0;
      this.V = (~(a ^ b) & (a ^ sum)) < 0;
      return this.result(register, sum);
    }
    subtract(register, a, b) {
      const difference = (a - b) | 0;
      this.C = a >>> 0 >= b >>> 0;
      this.V = ((a ^ b) & (a ^ difference)) < 0;
      if (register >= 0) this.signed[register] = difference;
      this.N = difference < 0;
      this.Z = difference === 0;
      return 1;
    }
  };
}
