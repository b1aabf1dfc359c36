#include "near.h"

#include <limits.h>
#include <string.h>

#include "text.h"

static char lower(char c)
{
    if (c < 'A' || c > 'Z')
        return c;
    return (char)(c - 'A' + 'a');
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/*
 * Three rows of the table of distances: row[i % 3][j] is the distance between the first i letters
 * of a and the first j of b.
 */
unsigned near_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned row[3][NEAR_WORD_BYTES + 1];
    if (a_length > NEAR_WORD_BYTES || b_length > NEAR_WORD_BYTES)
        return UINT_MAX;
    for (size_t j = 0; j <= b_length; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *here = row[i % 3];
        const unsigned *above = row[(i + 2) % 3];
        const unsigned *before = row[(i + 1) % 3];
        char letter = lower(a[i - 1]);
        here[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned change = above[j - 1] + (letter != lower(b[j - 1]));
            here[j] = least(change, least(above[j], here[j - 1]) + 1);
            if (i > 1 && j > 1 && letter == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                here[j] = least(here[j], before[j - 2] + 1);
        }
    }
    return row[a_length % 3][b_length];
}

void near_init(struct near *near, const char *word, size_t length)
{
    *near = (struct near){.word = word, .length = length};
}

/* Of the word to a name that goes on behind it; a mistake may have made the word shorter or longer. */
static unsigned distance_to_beginning(const struct near *near, const char *name, size_t length)
{
    unsigned mistakes = UINT_MAX / 4;
    for (size_t n = near->length - 1; n <= near->length + 1 && n < length; n++)
        mistakes = least(mistakes, near_distance(near->word, near->length, name, n));
    return 1 + 2 * mistakes;
}

void near_offer(struct near *near, const char *name)
{
    size_t length = strlen(name);
    unsigned distance = near_distance(near->word, near->length, name, length);
    if (near->length >= 2 && near->length <= NEAR_WORD_BYTES)
        distance = least(distance, distance_to_beginning(near, name, length));
    if (distance > 1 + near->length / 4 || distance >= near->length)
        return;

    unsigned at = near->n;
    while (at > 0 && near->best[at - 1].distance > distance)
        at--;
    if (at == NEAR_NAMES)
        return;
    if (near->n < NEAR_NAMES)
        near->n++;
    for (unsigned i = near->n - 1; i > at; i--)
        near->best[i] = near->best[i - 1];
    near->best[at].name = name;
    near->best[at].distance = distance;
}

size_t near_hint(const struct near *near, char *out, size_t n)
{
    size_t used = text_format(out, n, "%s", near->n ? "did you mean " : "");
    for (unsigned i = 0; i < near->n; i++) {
        const char *joint = i + 1 == near->n ? "?" : i + 2 == near->n ? " or " : ", ";
        used += text_format(out + used, n - used, "%s%s", near->best[i].name, joint);
    }
    return used;
}
