/* The kinds of section, and what they have in common. */
#include "ui/section/section.h"

#include "core/table.h"

enum { TO_END = 1 << 20 };

const struct section_ops *section_ops(const struct section *s)
{
    static const struct section_ops *const ops[SECTION_KINDS] = {
        [SECTION_TABLE] = &TABLE_OPS,     [SECTION_TREE] = &TREE_OPS,     [SECTION_GRAPH] = &GRAPH_OPS,
        [SECTION_HEATMAP] = &HEATMAP_OPS, [SECTION_FIELDS] = &FIELDS_OPS, [SECTION_TEXT] = &TEXT_OPS,
        [SECTION_BOXES] = &BOXES_OPS,     [SECTION_FLOW] = &FLOW_OPS,
    };
    return ops[s->kind];
}

size_t section_items(const struct section *s, const struct pane *p)
{
    const struct section_ops *ops = section_ops(s);
    return ops->items ? ops->items(s, p) : 0;
}

void section_item(const struct section *s, const struct pane *p, size_t i, struct item *out)
{
    *out = (struct item){0};
    section_ops(s)->item(s, p, i, out);
}

void section_item_text(const struct section *s, const struct pane *p, size_t i, struct strbuf *out)
{
    section_ops(s)->text(s, p, i, out);
}

void section_select(struct section *s, struct pane *p, int item)
{
    int n = (int)MIN(section_items(s, p), (size_t)INT32_MAX);
    if (n)
        section_ops(s)->select(s, p, MAX(0, MIN(item, n - 1)));
}

void section_apply(struct section *s, struct pane *p)
{
    p->changed = false;
    if (section_ops(s)->apply)
        section_ops(s)->apply(p, s);
}

struct need section_need(const struct section *s, int width)
{
    struct need n = section_ops(s)->need(s, width);
    n.min = MAX(n.min, MIN(s->min_height, n.want));
    n.want = MAX(n.want, n.min);
    n.most = MAX(n.most, n.want);
    return n;
}

int list_move(int at, int n, int page, enum section_move m)
{
    static const int steps[] = {[MOVE_UP] = -1, [MOVE_DOWN] = 1};
    switch (m) {
    case MOVE_FIRST:
        return 0;
    case MOVE_LAST:
        return n - 1;
    case MOVE_PAGE_UP:
        return MAX(0, at - MAX(page - 1, 1));
    case MOVE_PAGE_DOWN:
        return MIN(n - 1, at + MAX(page - 1, 1));
    case MOVE_UP:
    case MOVE_DOWN:
        return MAX(0, MIN(at + steps[m], n - 1));
    default:
        return at;
    }
}

void scroll_move(struct section *s, struct pane *p, enum section_move m)
{
    (void)s;
    p->top = list_move(p->top, TO_END + 1, p->page, m);
}

void empty_draw(struct draw d, const struct section *s, struct pane *p)
{
    text_draw(d, s->empty ? s->empty : "(nothing)", STYLE_DIM, p);
}
