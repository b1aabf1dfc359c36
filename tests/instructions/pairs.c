/*
 * The loop whose calls instructions.sh counts:
 *
 *   pairs BYTES BATCH N   N times BATCH calls of malloc(BYTES), then a free of each
 */
#include <stdlib.h>

#define BATCH_MOST 1000u

int main(int argc, char **argv)
{
    static void *volatile objects[BATCH_MOST];
    if (argc != 4)
        return 2;
    size_t bytes = strtoul(argv[1], NULL, 10), batch = strtoul(argv[2], NULL, 10);
    if (batch > BATCH_MOST)
        return 2;
    for (size_t n = strtoul(argv[3], NULL, 10); n > 0; n--) {
        for (size_t i = 0; i < batch; i++)
            objects[i] = malloc(bytes);
        for (size_t i = 0; i < batch; i++)
            free(objects[i]);
    }
    return 0;
}
