/*
 * Counts the instructions that QEMU executes, by class, and estimates cycles from the core's manual.
 *
 * A TCG plug-in for QEMU 7.2 (plug-in API version 1), for one virtual CPU, without -icount. Build and use:
 *
 *     gcc -O2 -shared -fPIC -o counters.so counters.c
 *     qemu-system-arm ... -plugin counters.so,core=m4,stamp=0x123c,out=stamps.txt
 *     qemu-aarch64 ... -plugin counters.so,core=none,stamp=0x4006f4,out=stamps.txt program
 *
 * Arguments:
 *     core=m0plus|m3|m4   classes and estimated cycles
 *     core=m33|m7|m55     classes only: their manuals give no timings that could be added up
 *     core=none           instructions only; any architecture
 *     stamp=ADDRESS       of a function: at each call one line is appended to out= at once
 *     begin=ADDRESS end=ADDRESS   counts only from a call of the one to a call of the other, any number of
 *                         times; without them everything counts
 *     out=FILE            stamps, and at the end one last line with the totals
 *     dump=FILE           at the end a line for each instruction: address, executions, tenths of cycles, class
 *
 * A line of out= is "stamp" or "end" and then key=value for each of: instructions; cycles10 (estimated, in
 * tenths; only where there are timings); words (registers moved by LDM, STM, PUSH, POP, VLDM, VSTM); beats
 * (four for each MVE instruction: an upper bound, as predication and overlap are not seen); taken (conditional
 * branches; only where there are timings); and class.NAME for each class that occurred.
 *
 * The functions at stamp=, begin= and end= must start a translation block, as a function that is called does.
 * Their first block, up to its first branch, is never counted: with the whole function in one block, what
 * is counted between two stamps is all but the function itself, so each call costs its caller's BL and the
 * moves around it. Numbers are exact as long as no block is left in its middle by an exception.
 *
 * Timings (all with memory that needs no wait states and without contention for the bus):
 *   Cortex-M0+ TRM (DDI 0484), 3.3 Instruction set summary, with the single-cycle multiplier.
 *   Cortex-M3 TRM r2p1 (DDI 0337I), 3.3.1 Cortex-M3 instructions, table 3.1.
 *   Cortex-M4 TRM r0p1 (DDI 0439), 3.3.1 Cortex-M4 instructions, and chapter 7 for the FPU.
 *   M3 and M4 give ranges for a pipeline refill (1 to 3, taken as 2), divisions (2 to 12, taken as 7) and,
 *   M3 only, long multiplications (3 to 5 and 4 to 7, taken as 4 and 5: they end early for small operands).
 *   A load or store that follows another in its block takes one cycle less (3.3.2, load/store timings), unless
 *   it writes its base back or its address depends on the load just before.
 *   Instructions in an IT block whose condition fails cost what they cost when executed.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the part of QEMU's plug-in API that is used; no Debian package has its header ---- */

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct {
    const char *target_name;
    struct {
        int min, cur;
    } version;
    bool system_emulation;
    union {
        struct {
            int smp_vcpus, max_vcpus;
        } system;
    };
} qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *),
                                          enum qemu_plugin_cb_flags, void *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *, uint64_t);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = 1;

/* ---- instruction classes ---- */

#define CLASSES(X)                                                                                              \
    X(ALU, "alu")                                                                                               \
    X(DSP_ALU, "dsp_alu")                                                                                       \
    X(MUL, "mul")                                                                                               \
    X(MLA, "mla")                                                                                               \
    X(DSP_MAC, "dsp_mac")                                                                                       \
    X(MUL_LONG, "mul_long")                                                                                     \
    X(MLA_LONG, "mla_long")                                                                                     \
    X(DIV, "div")                                                                                               \
    X(LOAD, "load")                                                                                             \
    X(LOAD_LITERAL, "load_literal")                                                                             \
    X(LOAD_DOUBLE, "load_double")                                                                               \
    X(LOAD_MULTIPLE, "load_multiple")                                                                           \
    X(STORE, "store")                                                                                           \
    X(STORE_DOUBLE, "store_double")                                                                             \
    X(STORE_MULTIPLE, "store_multiple")                                                                         \
    X(BRANCH, "branch")                                                                                         \
    X(BRANCH_COND, "branch_cond")                                                                               \
    X(CALL, "call")                                                                                             \
    X(BRANCH_REGISTER, "branch_register")                                                                       \
    X(TABLE_BRANCH, "table_branch")                                                                             \
    X(IT, "it")                                                                                                 \
    X(LOOP, "loop")                                                                                             \
    X(FLOAT, "float")                                                                                           \
    X(FLOAT_MEMORY, "float_memory")                                                                             \
    X(MVE_LOAD, "mve_load")                                                                                     \
    X(MVE_STORE, "mve_store")                                                                                   \
    X(MVE_MAC, "mve_mac")                                                                                       \
    X(MVE, "mve")                                                                                               \
    X(SYSTEM, "system")

#define CLASS_ID(id, name) id,
#define CLASS_NAME(id, name) name,
typedef enum { CLASSES(CLASS_ID) CLASS_COUNT } insn_class;
static const char *const class_names[CLASS_COUNT] = {CLASSES(CLASS_NAME)};

#define NO_REGISTER (-1)
#define PC 15
#define SP 13

typedef struct {
    insn_class class;
    unsigned words;        /* registers moved by a multiple load or store, PC included */
    bool writes_pc;        /* as a load does */
    bool conditional;      /* a branch that may fall through */
    bool register_offset;  /* address from two registers */
    bool write_back;       /* of the base */
    bool divides;          /* VDIV, VSQRT */
    bool accumulates;      /* VMLA, VFMA and their like */
    int destination, base, index;
} insn;

static insn plain(insn_class class) {
    return (insn){.class = class, .destination = NO_REGISTER, .base = NO_REGISTER, .index = NO_REGISTER};
}

static insn to_register(insn_class class, unsigned destination) {
    insn i = plain(class);
    i.destination = destination == PC ? NO_REGISTER : (int)destination;
    return i;
}

static insn branch(insn_class class, bool conditional) {
    insn i = plain(class);
    i.conditional = conditional;
    return i;
}

static insn single(bool load, unsigned data, unsigned base) {
    insn i = plain(load ? LOAD : STORE);
    i.base = (int)base;
    i.destination = load ? (int)data : NO_REGISTER;
    return i;
}

static insn multiple(bool load, unsigned registers) {
    insn i = plain(load ? LOAD_MULTIPLE : STORE_MULTIPLE);
    i.words = (unsigned)__builtin_popcount(registers);
    return i;
}

/* ---- decoding: Armv8-M Architecture Reference Manual (DDI 0553), C2.2 "Alphabetical list" and C2.3 ---- */

static unsigned bits(unsigned word, unsigned high, unsigned low) { return word >> low & ((2u << (high - low)) - 1u); }

static bool matches(unsigned word, unsigned mask, unsigned value) { return (word & mask) == value; }

static insn decode16_register(unsigned w) {
    if (matches(w, 0xfc00, 0x4000)) { /* data processing */
        switch (bits(w, 9, 6)) {
        case 8:
        case 10:
        case 11:
            return plain(ALU); /* TST, CMP, CMN */
        case 13:
            return to_register(MUL, bits(w, 2, 0));
        default:
            return to_register(ALU, bits(w, 2, 0));
        }
    }
    const unsigned destination = bits(w, 2, 0) | bits(w, 7, 7) << 3; /* special data and branch and exchange */
    switch (bits(w, 9, 8)) {
    case 1:
        return plain(ALU); /* CMP */
    case 3:
        return plain(w & 0x80 ? CALL : BRANCH_REGISTER); /* BLX, BX */
    default:
        return destination == PC ? plain(BRANCH_REGISTER) : to_register(ALU, destination);
    }
}

static insn decode16_miscellaneous(unsigned w) {
    if (matches(w, 0xf500, 0xb100)) {
        return branch(BRANCH_COND, true); /* CBZ, CBNZ */
    }
    if (matches(w, 0xfe00, 0xb400)) {
        return multiple(false, bits(w, 8, 0)); /* PUSH */
    }
    if (matches(w, 0xfe00, 0xbc00)) {
        insn pop = multiple(true, bits(w, 8, 0));
        pop.writes_pc = w & 0x100;
        return pop;
    }
    if (matches(w, 0xff00, 0xbf00)) {
        return plain(w & 15 ? IT : ALU); /* hints count as NOP */
    }
    if (matches(w, 0xff00, 0xbe00) || matches(w, 0xffe0, 0xb660)) {
        return plain(SYSTEM); /* BKPT, CPS */
    }
    return to_register(ALU, matches(w, 0xff00, 0xb000) ? SP : bits(w, 2, 0));
}

static insn decode16(unsigned w) {
    switch (bits(w, 15, 12)) {
    case 0x0:
    case 0x1:
        return to_register(ALU, bits(w, 2, 0));
    case 0x2:
    case 0x3:
        return matches(w, 0xf800, 0x2800) ? plain(ALU) : to_register(ALU, bits(w, 10, 8)); /* CMP */
    case 0x4:
        if (w & 0x800) {
            insn literal = single(true, bits(w, 10, 8), PC);
            literal.class = LOAD_LITERAL;
            return literal;
        }
        return decode16_register(w);
    case 0x5: {
        insn access = single(bits(w, 11, 9) >= 3, bits(w, 2, 0), bits(w, 5, 3));
        access.register_offset = true;
        access.index = (int)bits(w, 8, 6);
        return access;
    }
    case 0x6:
    case 0x7:
    case 0x8:
        return single(w & 0x800, bits(w, 2, 0), bits(w, 5, 3));
    case 0x9:
        return single(w & 0x800, bits(w, 10, 8), SP);
    case 0xa:
        return to_register(ALU, bits(w, 10, 8));
    case 0xb:
        return decode16_miscellaneous(w);
    case 0xc:
        return multiple(w & 0x800, bits(w, 7, 0));
    case 0xd:
        return bits(w, 11, 8) >= 14 ? plain(SYSTEM) : branch(BRANCH_COND, true); /* UDF, SVC */
    default:
        return branch(BRANCH, false);
    }
}

/* a and b are the two halfwords of a 32-bit instruction. */

static insn decode_multiple_or_double(unsigned a, unsigned b) {
    if (!(a & 0x40)) {
        if (a == 0xe89f) {
            return plain(ALU); /* CLRM */
        }
        insn access = multiple(a & 0x10, b);
        access.writes_pc = (a & 0x10) && (b & 0x8000);
        return access;
    }
    if (matches(a, 0xfff0, 0xe8d0) && !(b & 0xe0)) {
        return plain(TABLE_BRANCH);
    }
    if (a == 0xe97f) {
        return plain(SYSTEM); /* SG */
    }
    insn access = single(a & 0x10, bits(b, 15, 12), bits(a, 3, 0));
    if (a & 0x120) {
        access.class = a & 0x10 ? LOAD_DOUBLE : STORE_DOUBLE;
        access.write_back = a & 0x20;
    }
    return access;
}

static insn decode_float(unsigned a, unsigned b) {
    if (matches(a, 0xfe00, 0xec00)) {
        if (matches(a, 0xffe0, 0xec40)) {
            return plain(FLOAT); /* VMOV between two core registers and one or two others */
        }
        insn access = plain(FLOAT_MEMORY);
        const bool one = matches(a, 0x0120, 0x0100);
        access.base = (int)bits(a, 3, 0);
        access.words = one ? (b & 0x100 ? 2 : 1) : bits(b, 7, 0);
        return access;
    }
    insn operation = plain(FLOAT);
    if (!(b & 0x10)) {
        const unsigned minor = bits(a, 5, 4);
        const bool divide = matches(a, 0xff80, 0xee80) && minor == 0 && !(b & 0x40);
        const bool root = matches(a, 0xffbf, 0xeeb1) && matches(b, 0xc0, 0xc0);
        operation.divides = divide || root;
        operation.accumulates = (matches(a, 0xff80, 0xee00) && minor <= 1) ||
                                (matches(a, 0xff80, 0xee80) && (minor == 1 || minor == 2));
    }
    return operation;
}

static insn decode_coprocessor(unsigned a, unsigned b) {
    const unsigned coprocessor = bits(b, 11, 8);
    const bool vector_space = matches(a, 0xef00, 0xef00);
    if ((coprocessor & 14) == 10 && !vector_space) {
        const bool duplicate = matches(a, 0xff90, 0xee80) && coprocessor == 11 && (b & 0x10);
        return duplicate ? plain(MVE) : decode_float(a, b); /* VDUP has its place among the VMOVs */
    }
    if (coprocessor >= 14 && matches(a, 0xee00, 0xec00)) {
        if (matches(a, 0xffa0, 0xec00)) {
            return plain(MVE); /* VMOV between lanes and two core registers */
        }
        insn access = plain(a & 0x10 ? MVE_LOAD : MVE_STORE);
        access.base = (int)bits(a, 3, 0);
        return access;
    }
    /* VML{A,S}(L)DAV and VRML{A,S}LDAVH, but not VADDV, VADDLV (bit 0 of a, coprocessor 15) and VMOVL */
    if (matches(a, 0xef80, 0xee80) && coprocessor >= 14 && !(b & 0x50) && !(coprocessor == 15 && (a & 1))) {
        return plain(MVE_MAC);
    }
    if (matches(a, 0xef81, 0xee01) && coprocessor == 14 && matches(b, 0xf0, 0x40)) {
        return plain(MVE_MAC); /* VMLA, VMLAS */
    }
    return plain(MVE);
}

static insn decode_immediate_or_branch(unsigned a, unsigned b) {
    if (!(b & 0x8000)) {
        return to_register(ALU, bits(b, 11, 8));
    }
    switch (b & 0x5000) {
    case 0x0000:
        if (!matches(a, 0x0380, 0x0380)) {
            return branch(BRANCH_COND, true);
        }
        return plain(matches(a, 0xfff0, 0xf3a0) && bits(b, 7, 0) < 16 ? ALU : SYSTEM); /* hints; MSR, MRS, DSB */
    case 0x1000:
        return branch(BRANCH, false);
    case 0x4000:
        return branch(LOOP, true); /* DLS, WLS, LE, LCTP */
    default:
        return plain(CALL);
    }
}

static insn decode_single(unsigned a, unsigned b) {
    const bool load = a & 0x10;
    const unsigned data = bits(b, 15, 12), base = bits(a, 3, 0);
    insn access = single(load, data, base);
    if (load && base == PC) {
        access.class = LOAD_LITERAL;
    } else if (!(a & 0x80)) {
        if (!(b & 0xfc0)) {
            access.register_offset = true;
            access.index = (int)bits(b, 3, 0);
        } else {
            access.write_back = (b & 0x100) && !matches(b, 0xf00, 0xe00);
        }
    }
    if (load && data == PC) {
        if (!matches(a, 0x60, 0x40)) {
            return plain(ALU); /* PLD, PLI */
        }
        access.class = LOAD;
        access.writes_pc = true;
    }
    return access;
}

static insn decode_register(unsigned a, unsigned b) {
    const bool parallel = matches(a, 0xff80, 0xfa80) && !(b & 0x80);                  /* SADD16 and its like */
    const bool saturating = matches(a, 0xfff0, 0xfa80) || matches(a, 0xfff0, 0xfaa0); /* QADD, SEL */
    const bool extending = matches(a, 0xff80, 0xfa00) && (b & 0x80) &&
                           (matches(a, 0x60, 0x20) || !matches(a, 0x0f, 0x0f)); /* SXTB16, SXTAB */
    return to_register(parallel || saturating || extending ? DSP_ALU : ALU, bits(b, 11, 8));
}

static insn decode_multiply(unsigned a, unsigned b) {
    const unsigned destination = bits(b, 11, 8), operation = bits(a, 6, 4);
    if (!(a & 0x80)) {
        if (operation != 0) {
            return to_register(DSP_MAC, destination);
        }
        return to_register(bits(b, 15, 12) == PC ? MUL : MLA, destination);
    }
    switch (operation) {
    case 1:
    case 3:
        return to_register(DIV, destination);
    case 4:
        return to_register(b & 0x80 ? DSP_MAC : MLA_LONG, destination); /* SMLALxy, SMLALD; SMLAL */
    case 5:
        return to_register(DSP_MAC, destination); /* SMLSLD */
    case 6:
        return to_register(b & 0x40 ? DSP_MAC : MLA_LONG, destination); /* UMAAL; UMLAL */
    default:
        return to_register(MUL_LONG, destination);
    }
}

static insn decode32(unsigned a, unsigned b) {
    if (matches(a, 0xfe00, 0xe800)) {
        return decode_multiple_or_double(a, b);
    }
    if (matches(a, 0xfe00, 0xea00)) {
        return to_register(matches(a, 0xffe0, 0xeac0) ? DSP_ALU : ALU, bits(b, 11, 8)); /* PKH */
    }
    if (matches(a, 0xec00, 0xec00)) {
        return decode_coprocessor(a, b);
    }
    if (matches(a, 0xf800, 0xf000)) {
        return decode_immediate_or_branch(a, b);
    }
    if (matches(a, 0xfe00, 0xf800)) {
        return decode_single(a, b);
    }
    return matches(a, 0xff00, 0xfa00) ? decode_register(a, b) : decode_multiply(a, b);
}

/* ---- timings, in tenths of a cycle; what a taken conditional branch adds is not in them ---- */

#define REFILL 20u /* P: 1 to 3 */
#define DIVIDE 70u /* 2 to 12 */

typedef unsigned (*cost_function)(const insn *i, const insn *before);

static unsigned cost_m0plus(const insn *i, const insn *before) {
    (void)before;
    switch (i->class) {
    case LOAD:
    case LOAD_LITERAL:
    case STORE:
    case BRANCH:
    case BRANCH_REGISTER:
        return 20;
    case LOAD_MULTIPLE: /* 1 + N; with PC 3 + N, N being the others */
        return 10 * (i->words + (i->writes_pc ? 2 : 1));
    case STORE_MULTIPLE:
        return 10 * (i->words + 1);
    case CALL: /* BL; BLX takes one less and is rare */
    case SYSTEM:
        return 30;
    default:
        return 10;
    }
}

static bool is_single_access(const insn *i) {
    return i->class == LOAD || i->class == LOAD_LITERAL || i->class == STORE;
}

/* Whether the address of i comes from what the instruction before it loads. */
static bool address_depends(const insn *i, const insn *before) {
    return before->destination != NO_REGISTER && (before->destination == i->base || before->destination == i->index);
}

static unsigned cost_m4(const insn *i, const insn *before) {
    const bool follows_access = before != NULL && is_single_access(before);

    switch (i->class) {
    case DIV:
        return DIVIDE;
    case LOAD:
    case LOAD_LITERAL:
        if (i->writes_pc) {
            return 20 + REFILL;
        }
        return follows_access && !i->write_back && !before->write_back && !address_depends(i, before) ? 10 : 20;
    case STORE:
        return i->register_offset && !follows_access ? 20 : 10;
    case LOAD_DOUBLE:
    case STORE_DOUBLE:
        return 30;
    case LOAD_MULTIPLE:
        return 10 * (1 + i->words) + (i->writes_pc ? REFILL : 0);
    case STORE_MULTIPLE:
    case FLOAT_MEMORY:
        return 10 * (1 + i->words);
    case BRANCH:
    case CALL:
    case BRANCH_REGISTER:
        return 10 + REFILL;
    case TABLE_BRANCH:
        return 30 + REFILL;
    case FLOAT:
        return i->divides ? 140 : i->accumulates ? 30 : 10;
    case SYSTEM:
        return 20;
    default:
        return 10;
    }
}

static unsigned cost_m3(const insn *i, const insn *before) {
    switch (i->class) {
    case MLA:
        return 20;
    case MUL_LONG:
        return 40;
    case MLA_LONG:
        return 50;
    default:
        return cost_m4(i, before);
    }
}

typedef struct {
    const char *name;
    bool thumb;         /* the instruction set is known, so that classes are told apart */
    cost_function cost; /* NULL: no timings */
    unsigned taken;     /* what a taken conditional branch adds */
} core_model;

static const core_model cores[] = {
    {"m0plus", true, cost_m0plus, 10}, {"m3", true, cost_m3, REFILL}, {"m4", true, cost_m4, REFILL},
    {"m33", true, NULL, 0},            {"m7", true, NULL, 0},         {"m55", true, NULL, 0},
    {"none", false, NULL, 0},
};

/* ---- counting: QEMU translates blocks of straight code and tells when each is executed ---- */

typedef enum { MARK_NONE, MARK_STAMP, MARK_BEGIN, MARK_END } mark;

typedef struct block {
    struct block *next;
    uint64_t address, end;
    uint64_t executed, taken;
    mark mark;
    bool conditional; /* its last instruction may branch */
    unsigned insn_count, words, cost;
    unsigned classes[CLASS_COUNT];
    struct {
        uint64_t address;
        unsigned cost;
        insn_class class;
    } insns[]; /* only with dump= */
} block;

typedef struct {
    uint64_t instructions, cost, words, taken;
    uint64_t classes[CLASS_COUNT];
} totals;

static const core_model *core;
static uint64_t stamp_address, begin_address, end_address;
static FILE *out;
static const char *dump_name;
static block *blocks;    /* also those that QEMU has dropped since: their counts stand */
static block *last;      /* executed before the current one, when counted */
static bool counting = true;

static totals sum(void) {
    totals all = {0};
    for (const block *b = blocks; b != NULL; b = b->next) {
        all.instructions += b->executed * b->insn_count;
        all.cost += b->executed * b->cost + b->taken * core->taken;
        all.words += b->executed * b->words;
        all.taken += b->taken;
        for (size_t c = 0; c < CLASS_COUNT; c++) {
            all.classes[c] += b->executed * b->classes[c];
        }
    }
    return all;
}

static void print_totals(const char *label) {
    const totals all = sum();
    fprintf(out, "%s instructions=%" PRIu64, label, all.instructions);
    if (core->cost != NULL) {
        fprintf(out, " cycles10=%" PRIu64 " taken=%" PRIu64, all.cost, all.taken);
    }
    if (core->thumb) {
        fprintf(out, " words=%" PRIu64, all.words);
    }
    const uint64_t mve = all.classes[MVE_LOAD] + all.classes[MVE_STORE] + all.classes[MVE_MAC] + all.classes[MVE];
    if (mve > 0) {
        fprintf(out, " beats=%" PRIu64, 4 * mve);
    }
    for (size_t c = 0; c < CLASS_COUNT; c++) {
        if (all.classes[c] > 0) {
            fprintf(out, " class.%s=%" PRIu64, class_names[c], all.classes[c]);
        }
    }
    fputc('\n', out);
    fflush(out);
}

static void block_executed(unsigned cpu, void *data) {
    block *const b = data;

    (void)cpu;
    if (last != NULL && last->conditional && last->end != b->address) {
        last->taken++;
    }
    last = NULL;
    switch (b->mark) {
    case MARK_STAMP:
        print_totals("stamp");
        break;
    case MARK_BEGIN:
        counting = true;
        break;
    case MARK_END:
        counting = false;
        break;
    default:
        if (counting) {
            b->executed++;
            last = b;
        }
    }
}

static mark mark_of(uint64_t address) {
    return address == stamp_address   ? MARK_STAMP
           : address == begin_address ? MARK_BEGIN
           : address == end_address   ? MARK_END
                                      : MARK_NONE;
}

static void analyse(block *b, const struct qemu_plugin_tb *tb) {
    insn before = {0};

    for (unsigned n = 0; n < b->insn_count; n++) {
        const struct qemu_plugin_insn *const guest = qemu_plugin_tb_get_insn(tb, n);
        /* The first halfword tells the size: at the end of a page QEMU 7.2 says 4 bytes of 2-byte instructions. */
        const uint8_t *const bytes = qemu_plugin_insn_data(guest);
        const unsigned first = bytes[0] | (unsigned)bytes[1] << 8;
        const bool wide = first >= 0xe800;
        const insn i = wide ? decode32(first, bytes[2] | (unsigned)bytes[3] << 8) : decode16(first);
        const unsigned cost = core->cost != NULL ? core->cost(&i, n > 0 ? &before : NULL) : 0;

        b->cost += cost;
        b->words += i.words;
        b->classes[i.class]++;
        b->conditional = i.conditional;
        b->end = qemu_plugin_insn_vaddr(guest) + (wide ? 4 : 2);
        if (dump_name != NULL) {
            b->insns[n].address = qemu_plugin_insn_vaddr(guest);
            b->insns[n].cost = cost;
            b->insns[n].class = i.class;
        }
        before = i;
    }
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    const size_t insn_count = qemu_plugin_tb_n_insns(tb);
    block *const b = calloc(1, sizeof *b + (dump_name != NULL ? insn_count * sizeof b->insns[0] : 0));

    (void)id;
    if (b == NULL) {
        fputs("counters: out of memory\n", stderr);
        abort();
    }
    b->address = qemu_plugin_tb_vaddr(tb);
    b->mark = mark_of(b->address);
    b->insn_count = (unsigned)insn_count;
    if (core->thumb) {
        analyse(b, tb);
    }
    b->next = blocks;
    blocks = b;
    /* A counter in the translated code is much faster than a call; it will do when the order does not matter. */
    if (b->mark == MARK_NONE && core->cost == NULL && begin_address == UINT64_MAX) {
        qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &b->executed, 1);
    } else {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, block_executed, QEMU_PLUGIN_CB_NO_REGS, b);
    }
}

static void dump(void) {
    FILE *const file = fopen(dump_name, "w");

    if (file == NULL) {
        perror(dump_name);
        return;
    }
    for (const block *b = blocks; b != NULL; b = b->next) {
        for (unsigned n = 0; n < b->insn_count && b->executed > 0; n++) {
            const uint64_t taken = n + 1 == b->insn_count ? b->taken * core->taken : 0;
            fprintf(file, "%08" PRIx64 " %" PRIu64 " %" PRIu64 " %s\n", b->insns[n].address, b->executed,
                    b->executed * b->insns[n].cost + taken, class_names[b->insns[n].class]);
        }
    }
    fclose(file);
}

static void at_exit(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    print_totals("end");
    if (dump_name != NULL) {
        dump();
    }
}

/* ---- arguments ---- */

static bool parse_core(const char *value) {
    for (size_t n = 0; n < sizeof cores / sizeof cores[0]; n++) {
        if (strcmp(cores[n].name, value) == 0) {
            core = &cores[n];
            return true;
        }
    }
    return false;
}

static bool parse_address(const char *value, uint64_t *address) {
    char *end;
    *address = strtoull(value, &end, 0);
    return end != value && *end == '\0';
}

static bool parse(char *argument) {
    char *value = strchr(argument, '=');

    if (value == NULL) {
        return false;
    }
    *value++ = '\0';
    if (strcmp(argument, "core") == 0) {
        return parse_core(value);
    }
    if (strcmp(argument, "stamp") == 0) {
        return parse_address(value, &stamp_address);
    }
    if (strcmp(argument, "begin") == 0) {
        counting = false;
        return parse_address(value, &begin_address);
    }
    if (strcmp(argument, "end") == 0) {
        return parse_address(value, &end_address);
    }
    if (strcmp(argument, "out") == 0) {
        out = fopen(value, "w");
        return out != NULL;
    }
    if (strcmp(argument, "dump") == 0) {
        dump_name = strdup(value);
        return true;
    }
    return false;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    stamp_address = begin_address = end_address = UINT64_MAX;
    for (int n = 0; n < argc; n++) {
        if (!parse(argv[n])) {
            fprintf(stderr, "counters: bad argument %s\n", argv[n]);
            return -1;
        }
    }
    if (core == NULL || out == NULL) {
        fputs("counters: core= and out= are needed\n", stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
