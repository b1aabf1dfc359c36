#include "shard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store.h"
#include "text.h"
#include "words.h"

int shard_parse(const char *word, struct shard *out, struct err *err)
{
    char index[16];
    uint64_t i, n;
    const char *slash = strchr(word, '/');
    if (!slash || (size_t)(slash - word) >= sizeof(index))
        return err_set(err, EINVAL, "--shard wants I/N, such as 0/8 to 7/8, not '%.*s'", 60, word);
    text_format(index, sizeof(index), "%.*s", (int)(slash - word), word);
    int rc = words_number(slash + 1, "the number of shards", 1, STORE_SHARDS_MAX, &n, err);
    if (rc == 0)
        rc = words_number(index, "the shard", 0, STORE_SHARDS_MAX, &i, err);
    if (rc < 0)
        return rc;
    if (i >= n)
        return err_set(err, EINVAL, "--shard %s: shards count from 0, the last of %lu is %lu/%lu",
                       word, n, n - 1, n);
    *out = (struct shard){(uint32_t)i, (uint32_t)n};
    return 0;
}
