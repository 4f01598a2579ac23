/* profile_actions.h - what is chosen for the views of profiles. */
#ifndef VIEW_PROFILES_PROFILE_ACTIONS_H
#define VIEW_PROFILES_PROFILE_ACTIONS_H

#include "view/action.h"

/* Names of choices. Group: an enum profile_group, and of labels the name of one. Part: as a text, what of the
 * profile is shown, see struct profile_shown. Type: its number in the first profile, from 1. Shape: 1 is
 * a flame, else an icicle. Recursion: 1 merges it. */
#define PROFILE_GROUP_CHOICE     "profile-group"
#define PROFILE_PART_CHOICE      "profile-part"
#define PROFILE_TYPE_CHOICE      "profile-type"
#define PROFILE_SHAPE_CHOICE     "flame-shape"
#define PROFILE_RECURSION_CHOICE "flame-recursion"

extern const struct view_action *const PROFILE_ACTIONS[];

#endif
