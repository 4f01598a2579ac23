/* sampler_unwind.c - callers of code without frame pointers: by the tables for exceptions (.eh_frame) of its
 * file, the registers and a copy of the top of the stack, which the kernel puts into each sample. */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <unistd.h>

#include "source/perf/sampler.h"
#include "source/shared/symbol_elf.h"

enum { CFA_DEEP = 32, REGS = 17, BP = 6, SP = 7, IP = 16 };

/* ---- registers and memory, as DWARF numbers them ---- */

struct state {
    uint64_t regs[REGS];
    bool known[REGS];
    uint64_t cfa;
    uint64_t sp; /* where the copy of the stack begins */
    const unsigned char *stack;
    size_t stack_len;
};

static bool load(const struct state *s, uint64_t address, uint64_t *v)
{
    if (s->stack_len < sizeof *v || address < s->sp || address - s->sp > s->stack_len - sizeof *v)
        return false;
    memcpy(v, s->stack + (address - s->sp), sizeof *v);
    return true;
}

/* The kernel's order of the mask PERF_UNWIND_REGS: ax bx cx dx si di bp sp ip r8..r15. */
static bool begin(struct state *s, const struct ring_record *e)
{
    static const unsigned char order[REGS] = {0, 3, 2, 1, 4, 5, BP, SP, IP, 8, 9, 10, 11, 12, 13, 14, 15};
    if (e->n_regs != REGS)
        return false;
    *s = (struct state){.stack = e->stack, .stack_len = e->stack ? e->stack_len : 0};
    for (size_t i = 0; i < REGS; i++) {
        memcpy(&s->regs[order[i]], e->regs + 8 * i, 8);
        s->known[order[i]] = true;
    }
    s->sp = s->regs[SP];
    return true;
}

/* ---- expressions ---- */

struct stack {
    uint64_t at[CFA_DEEP];
    size_t n;
};

static bool put(struct stack *k, uint64_t v)
{
    if (k->n == CFA_DEEP)
        return false;
    k->at[k->n++] = v;
    return true;
}

static bool put_register(struct stack *k, const struct state *s, uint64_t number, uint64_t plus)
{
    return number < REGS && s->known[number] && put(k, s->regs[number] + plus);
}

static bool two(struct stack *k, unsigned op)
{
    if (k->n < 2)
        return false;
    uint64_t b = k->at[--k->n], *a = &k->at[k->n - 1];
    switch (op) {
    case DW_OP_plus:
        *a += b;
        break;
    case DW_OP_minus:
        *a -= b;
        break;
    case DW_OP_and:
        *a &= b;
        break;
    case DW_OP_or:
        *a |= b;
        break;
    case DW_OP_mul:
        *a *= b;
        break;
    case DW_OP_shl:
        *a = b < 64 ? *a << b : 0;
        break;
    case DW_OP_shr:
        *a = b < 64 ? *a >> b : 0;
        break;
    case DW_OP_ge:
        *a = (int64_t)*a >= (int64_t)b;
        break;
    default:
        return false;
    }
    return true;
}

static bool step(struct stack *k, const struct state *s, const Dwarf_Op *o)
{
    if (o->atom >= DW_OP_lit0 && o->atom <= DW_OP_lit31)
        return put(k, o->atom - DW_OP_lit0);
    if (o->atom >= DW_OP_breg0 && o->atom <= DW_OP_breg31)
        return put_register(k, s, o->atom - DW_OP_breg0, o->number);
    switch (o->atom) {
    case DW_OP_bregx:
        return put_register(k, s, o->number, o->number2);
    case DW_OP_call_frame_cfa:
        return put(k, s->cfa);
    case DW_OP_const1u:
    case DW_OP_const1s:
    case DW_OP_const2u:
    case DW_OP_const2s:
    case DW_OP_const4u:
    case DW_OP_const4s:
    case DW_OP_const8u:
    case DW_OP_const8s:
    case DW_OP_constu:
    case DW_OP_consts:
        return put(k, o->number);
    case DW_OP_plus_uconst:
        return k->n && (k->at[k->n - 1] += o->number, true);
    case DW_OP_deref:
        return k->n && load(s, k->at[k->n - 1], &k->at[k->n - 1]);
    case DW_OP_dup:
        return k->n && put(k, k->at[k->n - 1]);
    default:
        return two(k, o->atom);
    }
}

/* The value of an expression; *is_value: not where the value stands, but the value. */
static bool evaluate(const struct state *s, const Dwarf_Op *ops, size_t n, uint64_t *v, bool *is_value)
{
    struct stack k = {.n = 0};
    *is_value = n && ops[n - 1].atom == DW_OP_stack_value;
    if (n == 1 && ops->atom >= DW_OP_reg0 && ops->atom <= DW_OP_reg31) {
        *is_value = true;
        return put_register(&k, s, ops->atom - DW_OP_reg0, 0) && (*v = k.at[0], true);
    }
    for (size_t i = 0; i + *is_value < n; i++)
        if (!step(&k, s, &ops[i]))
            return false;
    if (k.n)
        *v = k.at[k.n - 1];
    return k.n > 0;
}

/* ---- one frame ---- */

enum went { WENT_UP, WENT_END, WENT_NOWHERE };

static bool register_of(const struct state *s, Dwarf_Frame *f, int number, uint64_t *v, bool *undefined)
{
    Dwarf_Op mem[3], *ops;
    size_t n;
    bool is_value;
    *undefined = false;
    if (dwarf_frame_register(f, number, mem, &ops, &n) != 0)
        return false;
    if (!n) {
        *undefined = ops == mem;
        *v = s->regs[number];
        return !*undefined && s->known[number];
    }
    return evaluate(s, ops, n, v, &is_value) && (is_value || load(s, *v, v));
}

static enum went up_by_table(struct state *s, Dwarf_Frame *f, bool *exact)
{
    struct state next = *s;
    Dwarf_Op *ops;
    size_t n;
    bool is_value, undefined;
    int back = dwarf_frame_info(f, NULL, NULL, exact);
    if (back < 0 || back >= REGS || dwarf_frame_cfa(f, &ops, &n) != 0 ||
        !evaluate(s, ops, n, &next.cfa, &is_value))
        return WENT_NOWHERE;
    s->cfa = next.cfa;
    for (int i = 0; i < REGS; i++) {
        next.known[i] = register_of(s, f, i, &next.regs[i], &undefined);
        if (i == back && undefined)
            return WENT_END;
    }
    if (!next.known[back] || next.cfa <= s->regs[SP])
        return WENT_NOWHERE;
    next.regs[IP] = next.regs[back];
    next.regs[SP] = next.cfa;
    next.known[IP] = next.known[SP] = true;
    *s = next;
    return WENT_UP;
}

/* Code that is in no table, such as that of a JIT, keeps a frame pointer. */
static enum went up_by_pointer(struct state *s)
{
    uint64_t bp = s->regs[BP], ip, caller;
    if (!s->known[BP] || bp < s->regs[SP] || !load(s, bp, &caller) || !load(s, bp + 8, &ip))
        return WENT_NOWHERE;
    memset(s->known, 0, sizeof s->known);
    s->regs[BP] = caller;
    s->regs[SP] = bp + 16;
    s->regs[IP] = ip;
    s->known[BP] = s->known[SP] = s->known[IP] = true;
    return WENT_UP;
}

static enum went up(struct state *s, struct symbol_module *m, uint64_t offset, bool *exact)
{
    Dwarf_Frame *f = NULL;
    bool before = !*exact;
    *exact = false;
    if (m && m->kind == SYMBOL_FILE && m->cfi_fd >= 0) {
        m->cfi = symbol_cfi_new(m->cfi_fd);
        m->cfi_fd = -1;
    }
    if (m && m->cfi && m->cfi->cfi &&
        dwarf_cfi_addrframe(m->cfi->cfi, symbol_elf_address(&m->cfi->elf, offset) - before, &f) == 0) {
        enum went w = up_by_table(s, f, exact);
        free(f);
        return w;
    }
    return up_by_pointer(s);
}

size_t sampler_unwind(struct sampler_source *x, struct sampler_space *space, const struct ring_record *e,
                      struct symbol_frame *out, size_t max, bool *whole)
{
    struct state s;
    size_t n = 0;
    bool exact = true;
    *whole = false;
    if (!begin(&s, e))
        return 0;
    while (n < max && s.regs[IP]) {
        uint64_t ip = s.regs[IP];
        out[n] = sampler_frame_of(x, space, ip - !exact, false);
        out[n].address += !exact && out[n].module != x->symbols.nowhere;
        out[n].exact = exact;
        const struct sampler_map *map = sampler_space_map(space, ip - !exact);
        struct symbol_frame *f = &out[n++];
        enum went w = map ? up(&s, f->module, f->address, &exact) : WENT_NOWHERE;
        if (w == WENT_UP)
            continue;
        *whole = w == WENT_END;
        return n;
    }
    *whole = n < max;
    return n;
}
