// jemalloc in the place of malloc, as in the coordbench executable, and its statistics interface.
#include <jemalloc/jemalloc.h>
