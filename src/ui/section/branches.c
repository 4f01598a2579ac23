/* Trees: tables with lines before the names, and branches that fold. */
#include "ui/section/section.h"

#include "core/table.h"

static bool later(const struct table_tree *k, size_t place)
{
    return place < k->n && k->later[place];
}

void tree_lines_at(struct tree_lines *l, struct section *s, size_t place, bool first)
{
    const struct table_tree *k = table_tree(&s->table);
    int depth = table_row(&s->table, place)->depth;
    if (depth >= 0 && depth <= TREE_LEVELS)
        l->open[depth] = later(k, place);
    if (!first)
        return;
    for (uint32_t up = k->up[place]; up != TREE_TOP; up = k->up[up]) {
        depth = table_row(&s->table, up)->depth;
        if (depth >= 0 && depth <= TREE_LEVELS)
            l->open[depth] = later(k, up);
    }
}

int tree_lines_draw(struct draw d, struct rect clip, int x, int y, int width, const struct tree_lines *l,
                    int depth, bool folded)
{
    int used = 0;
    for (int level = 1; level <= MIN(depth, TREE_LEVELS) && used + TREE_STEP < width;
         level++, used += TREE_STEP) {
        bool more = l->open[level];
        uint32_t code = level < depth ? (more ? 0x2502 : ' ') : (more ? 0x251C : 0x2514);
        grid_put(d.grid, clip, x + used, y, STYLE_BORDER, code);
        if (level == depth)
            grid_put(d.grid, clip, x + used + 1, y, STYLE_BORDER, 0x2500);
    }
    if (folded && used + 2 < width) {
        grid_put(d.grid, clip, x + used, y, STYLE_LINK, 0x25B8);
        used += 2;
    }
    return used;
}

static void branches_move(struct section *s, struct pane *p, enum section_move m)
{
    bool scrolled = m == MOVE_LEFT && (p->skipped || p->shift); /* back first */
    if ((m == MOVE_LEFT || m == MOVE_RIGHT) && !scrolled && pane_fold(p, s, m == MOVE_RIGHT))
        return;
    table_move(s, p, m);
}

static void branches_draw(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    (void)doc;
    table_draw(d, s, p);
}

const struct section_ops TREE_OPS = {
    .need = table_need,
    .draw = branches_draw,
    .move = branches_move,
    .hit = table_hit,
    .items = table_items,
    .select = table_select,
    .item = table_item,
    .text = table_item_text,
    .apply = table_apply,
    .stop = SEVERITY_INFO, /* findings of severity info too: each node with a finding is a stop */
};
