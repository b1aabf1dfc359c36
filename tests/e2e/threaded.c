/* For tests: a program with threads that free each other's objects, to be recorded. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OBJECTS = 1000 };

static void *objects[OBJECTS];

static void *make(void *unused)
{
    (void)unused;
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = malloc(5000 + (size_t)i);
        if (!objects[i])
            abort();
        memset(objects[i], 1, 5000);
    }
    return NULL;
}

static void *release(void *unused)
{
    (void)unused;
    for (int i = 0; i < OBJECTS; i++)
        free(objects[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *(*const steps[])(void *) = {make, release};
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2; i++) {
            if (pthread_create(&thread, NULL, steps[i], NULL) != 0)
                abort();
            pthread_join(thread, NULL);
        }
    }
    if (argc > 2 && strcmp(argv[1], "crash") == 0)
        abort();
    if (argc > 1 && strcmp(argv[1], "stay") == 0)
        usleep(200000); /* so that a watcher on a busy machine comes by */
    return argc > 1 ? atoi(argv[1]) : 0;
}
