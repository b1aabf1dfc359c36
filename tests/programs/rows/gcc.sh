# shellcheck shell=bash disable=SC2034
about='gcc -O2 -g on one large generated file; what it makes is run as well'
needs=(/usr/bin/gcc=gcc /usr/include/stdio.h=libc6-dev)
rounds=0

prepare() {
    awk -v n="$(sized full 400 small 30)" 'BEGIN {
        print "#include <stdio.h>\n#include <string.h>\nstruct s { int a, b; char name[16]; struct s *next; };"
        for (i = 0; i < n; i++) {
            printf "static int f%d(int x, struct s *s)\n{\n    int t[16] = {%d}, r = x;\n", i, i
            printf "    for (int i = 0; i < 16; i++)\n        t[i] = x * (i + %d) ^ r >> 2;\n", i
            printf "    switch (x & 7) {\n"
            for (j = 0; j < 8; j++)
                printf "    case %d: r += t[(x + %d) & 15] * %d; snprintf(s->name, 16, \"%%d\", r); break;\n", j, j, i + j
            printf "    }\n    for (struct s *p = s; p; p = p->next)\n        r = r * 31 + p->a + (int)strlen(p->name);\n"
            printf "    return %s;\n}\n", i ? "r & 1 ? f" (i - 1) "(r, s) : r" : "r"
        }
        printf "int main(void)\n{\n    struct s s = {1, 2, \"x\", 0};\n    unsigned sum = 0;\n"
        printf "    for (int i = 0; i < 1000; i++)\n        sum += (unsigned)f%d(i, &s);\n    printf(\"%%u\\n\", sum);\n}\n", n - 1
    }' >large.c
}

work() {
    cp "$INPUT/large.c" .
    gcc -O2 -g -w -fwrapv -c large.c
    sha256sum large.o
    gcc -o large large.o
    ./large
}
