/* Whether this is a virtual machine, and whose. */
#include <errno.h>
#include <string.h>

#include "fact_readers.h"
#include "text.h"

/* What firmware calls itself in virtual machines. */
static const struct {
    const char *part, *name;
} dmi_names[] = {
    {"KVM", "KVM"},
    {"QEMU", "QEMU"},
    {"VMware", "VMware"},
    {"VirtualBox", "VirtualBox"},
    {"Xen", "Xen"},
    {"Bochs", "Bochs"},
    {"Parallels", "Parallels"},
    {"BHYVE", "bhyve"},
    {"Amazon EC2", "Amazon EC2"},
    {"Google Compute Engine", "Google Compute Engine"},
    {"OpenStack", "OpenStack"},
    {"Virtual Machine", "Hyper-V"},
    {"Apple Virtualization", "Apple Virtualization"},
};

/* The hypervisor that the firmware's names tell, or NULL. */
static const char *hypervisor_in_dmi(int root)
{
    static const char *const files[] = {"sys/class/dmi/id/product_name",
                                        "sys/class/dmi/id/sys_vendor",
                                        "sys/class/dmi/id/bios_vendor"};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        char text[256];
        struct err none;
        if (fact_read_file(root, files[i], text, sizeof(text), &none) < 0)
            continue;
        for (size_t j = 0; j < ARRAY_SIZE(dmi_names); j++)
            if (strstr(text, dmi_names[j].part))
                return dmi_names[j].name;
    }
    return NULL;
}

FACT_READER(fact_hypervisor)
{
    (void)row;
    struct err none;
    if (fact_read_file(root, "sys/hypervisor/type", value, n, &none) == 0)
        return 0;

    /* On x86 the CPU itself tells whether there is one; the firmware only which. */
    char flags[8192];
    const struct fact_field field = {"proc/cpuinfo", "flags", ':'};
    bool has_flags = fact_find_field(root, &field, flags, sizeof(flags), &none) == 0;
    const char *name = hypervisor_in_dmi(root);
    if (has_flags && !strstr(flags, " hypervisor"))
        name = "none";
    else if (has_flags && !name)
        name = "present, kind unknown";
    if (!name)
        return err_set(why, ENOENT, "neither the CPU's flags nor the firmware's names tell");
    text_format(value, n, "%s", name);
    return 0;
}
