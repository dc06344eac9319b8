/* Loaded into rustc by packaging/compile: hash maps of procedural macros are in the same order in every build. The macro of
   i18n-embed-fl, with which age makes its messages, writes code in the order of such a map. Nothing secret is made while a
   program is built. */

#include <string.h>
#include <sys/types.h>

ssize_t getrandom(void *bytes, size_t length, unsigned int flags);

ssize_t getrandom(void *bytes, size_t length, unsigned int flags)
{
    (void)flags;
    memset(bytes, 0x5a, length);
    return (ssize_t)length;
}
