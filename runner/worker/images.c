#include "images.h"

#include <link.h>
#include <sys/mman.h>

#include "os.h"

static int populate(struct dl_phdr_info *image, size_t size, void *unused)
{
    (void)size, (void)unused;
    uint64_t page = os_page_bytes();
    for (unsigned i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        uint64_t from = (image->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uint64_t to = round_up(image->dlpi_addr + segment->p_vaddr + segment->p_filesz, page);
        if (segment->p_type == PT_LOAD && segment->p_filesz > 0)
            madvise((void *)from, to - from, MADV_POPULATE_READ);
    }
    return 0;
}

void images_populate(void)
{
    dl_iterate_phdr(populate, NULL);
}
