/* Boxes as a picture in SVG: an icicle with its own search and zoom, without any other file. */
#include <stdlib.h>

#include "base/utf8.h"
#include "core/drawing.h"
#include "sink/print_internal.h"

enum { WIDTH = 1200, ROW = 17, TOP = 56, EDGE = 10, LETTER = 7 };
#define NARROWEST 0.1 /* pixels; what is narrower is counted */

/* Click: zoom to a box; the picture's own field: boxes that match a regular expression, and their share, each
 * stack counted once. */
static const char SCRIPT[] =
    "<script type=\"text/ecmascript\"><![CDATA[\n"
    "var boxes=[].slice.call(document.querySelectorAll('g.b')),full=" /* the width follows */;
static const char SCRIPT_REST[] =
    ";\n"
    "function num(g,a){return parseFloat(g.getAttribute('data-'+a));}\n"
    "function place(x0,w0){boxes.forEach(function(g){var x=num(g,'x'),w=num(g,'w'),r=g.querySelector('rect'),"
    "t=g.querySelector('text');var l=Math.max(x,x0),e=Math.min(x+w,x0+w0),s=full/w0;"
    "g.style.display=e-l>1e-9?'':'none';r.setAttribute('x',10+(l-x0)*s);r.setAttribute('width',Math.max((e-l)"
    "*s-0.5,0));"
    "t.setAttribute('x',13+(l-x0)*s);var n=Math.floor(((e-l)*s-6)/7),name=g.getAttribute('data-n');"
    "t.textContent=n<3?'':name.length<=n?name:name.slice(0,n-1)+'\\u2026';});}\n"
    "function search(){var q=document.getElementById('q').textContent=prompt('Regular "
    "expression','')||'';var re;"
    "try{re=q?new RegExp(q):null;}catch(e){re=null;}var sum=0,end=-1;"
    "boxes.slice().sort(function(a,b){return "
    "num(a,'x')-num(b,'x')||num(b,'w')-num(a,'w');}).forEach(function(g){"
    "var hit=re&&re.test(g.getAttribute('data-n'));g.querySelector('rect').style.fill=hit?'#c050d0':'';"
    "if(hit&&num(g,'x')>=end-1e-9){sum+=num(g,'w');end=num(g,'x')+num(g,'w');}});"
    "document.getElementById('m').textContent=re?q+': '+(100*sum/full).toFixed(1)+' %':'';}\n"
    "boxes.forEach(function(g){g.addEventListener('click',function(){place(num(g,'x'),num(g,'w'));});});\n"
    "document.getElementById('all').addEventListener('click',function(){place(0,full);});\n"
    "document.getElementById('find').addEventListener('click',search);\n"
    "]]></script>\n";

/* XML's own letters, and none that XML cannot hold. */
static void put_xml(struct strbuf *out, const char *s, size_t letters)
{
    struct strbuf valid = {0};
    utf8_append_valid(&valid, s, strlen(s));
    const char *p = strbuf_text(&valid), *end = p + valid.len;
    struct utf8_char ch;
    for (size_t n = 0; p < end; n++) {
        size_t len = utf8_next(p, (size_t)(end - p), &ch);
        if (n + 1 >= letters && p + len < end) {
            strbuf_str(out, "\xe2\x80\xa6");
            break;
        }
        if (*p == '&' || *p == '<' || *p == '>' || *p == '"')
            strbuf_str(out, *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : *p == '>' ? "&gt;" : "&quot;");
        else if (ch.replaced)
            strbuf_char(out, ' ');
        else
            strbuf_add(out, p, len);
        p += len;
    }
    strbuf_free(&valid);
}

/* Boxes of one kind have one hue; beside each other they differ a little. */
static void put_colour(struct strbuf *out, const struct box *x, size_t i)
{
    static const int hues[] = {32, 200, 110, 55, 280, 340, 170};
    bool grave = x->severity >= SEVERITY_WARN;
    strbuf_printf(out, "hsl(%d,%d%%,%d%%)", grave ? 0 : hues[x->colour % ARRAY_LEN(hues)], grave ? 85 : 70,
                  66 + (int)(i * 7 % 12));
}

struct picture {
    const struct boxes *b;
    struct strbuf *out;
    double whole;
    size_t drawn, hidden;
    int deepest;
};

static void put_box(struct picture *p, const struct box *x, size_t i, double at, double w)
{
    char weight[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX];
    int y = TOP + ROW * (x->depth + 1);
    strbuf_printf(p->out, "<g class=\"b\" data-x=\"%.4f\" data-w=\"%.4f\" data-n=\"", at, w);
    put_xml(p->out, x->label, SIZE_MAX);
    strbuf_printf(p->out, "\"><title>");
    put_xml(p->out, x->label, SIZE_MAX);
    strbuf_printf(p->out, ": %s, %s</title><rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"",
                  unit_format(p->b->unit, x->weight, weight),
                  unit_format(UNIT_SHARE, x->weight / p->whole, share), EDGE + at, y, w > 1 ? w - 0.5 : w,
                  ROW - 1);
    put_colour(p->out, x, i);
    strbuf_printf(p->out, "\"/><text x=\"%.2f\" y=\"%d\">", EDGE + 3 + at, y + 12);
    if (w >= 3 * LETTER + 6)
        put_xml(p->out, x->label, (size_t)((w - 6) / LETTER));
    strbuf_str(p->out, "</text></g>\n");
    p->drawn++;
    p->deepest = MAX(p->deepest, x->depth + 1);
}

struct level {
    size_t box, next;
    double x;
};

static void put_boxes(struct picture *p)
{
    struct level *levels = NULL;
    size_t n = 0, cap = 0;
    levels = mem_grow(levels, n, &cap, sizeof *levels);
    levels[n++] = (struct level){.box = BOXES_ROOT};
    while (n) {
        struct level *l = &levels[n - 1];
        struct box in = boxes_box(p->b, l->box);
        if (l->next == in.children) {
            n--;
            continue;
        }
        size_t i = p->b->source->child(p->b->ctx, l->box, l->next++);
        struct box x = boxes_box(p->b, i);
        double w = WIDTH * x.weight / p->whole, at = l->x;
        if (w < NARROWEST) { /* the others are not wider */
            p->hidden += 1 + x.inside;
            continue;
        }
        l->x += w;
        put_box(p, &x, i, at, w);
        if (n == cap)
            levels = mem_grow(levels, n, &cap, sizeof *levels);
        levels[n++] = (struct level){.box = i, .x = at};
    }
    free(levels);
}

void print_svg(const struct section *s, struct strbuf *out)
{
    struct strbuf body = {0};
    struct picture p = {.b = &s->boxes, .out = &body, .whole = boxes_box(&s->boxes, BOXES_ROOT).weight};
    p.whole = p.whole > 0 ? p.whole : 1;
    put_boxes(&p);
    int h = TOP + ROW * (p.deepest + 2), w = WIDTH + 2 * EDGE;
    strbuf_printf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
        "height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"11\">\n"
        "<style>g.b{cursor:pointer} text{pointer-events:none} .k{cursor:pointer;pointer-events:all}</style>\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"#fcfcf8\"/>\n<text x=\"%d\" y=\"18\" font-size=\"14\">",
        w, h, w, h, w, h, EDGE);
    put_xml(out, s->title ? s->title : "", SIZE_MAX);
    strbuf_printf(out, "</text>\n<text x=\"%d\" y=\"34\">", EDGE);
    put_xml(out, s->note ? s->note : "", 160);
    strbuf_printf(
        out,
        "</text>\n<text class=\"k\" id=\"find\" x=\"%d\" y=\"18\" text-decoration=\"underline\">Search</text>"
        "<text class=\"k\" id=\"all\" x=\"%d\" y=\"18\" text-decoration=\"underline\">All</text>"
        "<text id=\"m\" x=\"%d\" y=\"34\"></text><text id=\"q\" display=\"none\"></text>\n",
        WIDTH - 110, WIDTH - 40, WIDTH - 190);
    strbuf_printf(out, "<text x=\"%d\" y=\"%d\">%zu boxes", EDGE, TOP + ROW - 5, p.drawn);
    if (p.hidden)
        strbuf_printf(out, "; %zu narrower than a tenth of a pixel are not drawn", p.hidden);
    strbuf_str(out, "</text>\n");
    strbuf_add(out, strbuf_text(&body), body.len);
    strbuf_printf(out, "%s%d%s</svg>\n", SCRIPT, WIDTH, SCRIPT_REST);
    strbuf_free(&body);
}
