// jemalloc's statistics interface. Linked by the executable only, where it replaces malloc; users of the libraries keep
// their own allocator.
#include <jemalloc/jemalloc.h>
