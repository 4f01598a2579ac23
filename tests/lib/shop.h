/* shop.h - a model to look at: a minute of a shop with one slow endpoint, one that
 * fails, a database with sessions that wait, and a plan. */
#ifndef TESTS_LIB_SHOP_H
#define TESTS_LIB_SHOP_H

#include "core/model/model.h"

#define SHOP_START ((sd_time)1795189898 * SD_S) /* 2026-11-20T15:51:38Z */
#define SHOP_END   (SHOP_START + 60 * SD_S)
#define SHOP_QUERY "shop/77"

/* Text that must never reach a terminal as it is. */
extern const char SHOP_HOSTILE[];

/* `hostile`: every text is SHOP_HOSTILE in some place, and there are many rows. */
struct model *shop_model(bool hostile);

#endif
